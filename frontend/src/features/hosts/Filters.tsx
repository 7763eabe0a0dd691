import { FilterForm } from "./FilterForm";
import { FiltersSection } from "./FiltersSection";
import { useFilters } from "./use-filters";
import { useFilterDraft } from "./use-filter-draft";
import type { Filters as RoomFilters } from "@/lib/contract/types";

/** The room's filters for messages of guests. */
export function Filters() {
  const { filters, refusal } = useFilters();
  return (
    <FiltersSection refusal={refusal}>
      {filters !== undefined && <FiltersEditor filters={filters} />}
    </FiltersSection>
  );
}

const FiltersEditor = ({ filters }: { filters: RoomFilters }) => <FilterForm {...useFilterDraft(filters)} />;
