const FIRST = "Amber Brisk Calm Dusky Early Fern Gentle Hazel Indigo Juniper Kind Lucky".split(" ");
const SECOND = "Otter Comet Heron Lantern Maple Sparrow Harbor Fox Ember Willow Finch Cloud".split(" ");

/** A friendly name to start with, e.g. "Hazel Otter 42". */
export function suggestedNickname(random: () => number): string {
  const pick = (words: readonly string[]) => words[Math.floor(random() * words.length)] ?? "";
  return `${pick(FIRST)} ${pick(SECOND)} ${10 + Math.floor(random() * 90)}`;
}
