const segmenter = "Segmenter" in Intl ? new Intl.Segmenter(undefined, { granularity: "grapheme" }) : null;

/** The characters of a text as people see them; code points in browsers without a segmenter. */
export const graphemesOf = (text: string): string[] =>
  segmenter === null ? Array.from(text) : Array.from(segmenter.segment(text), ({ segment }) => segment);
