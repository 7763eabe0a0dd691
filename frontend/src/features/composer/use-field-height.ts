import { useLayoutEffect, type RefObject } from "react";

/** Makes the field as tall as its text in browsers without `field-sizing`. The style sheet limits the height. */
export function useFieldHeight(field: RefObject<HTMLTextAreaElement | null>, text: string): void {
  useLayoutEffect(() => {
    const element = field.current;
    if (element === null || CSS.supports("field-sizing", "content")) return;
    element.style.height = "auto";
    element.style.height = `${element.scrollHeight}px`;
  }, [field, text]);
}
