/** Text within a bound. */

/** At most `max` UTF-16 units, none of them half a character; what was cut ends with an ellipsis. */
export const shortened = (text: string, max: number): string => {
  if (text.length <= max) return text
  const cut = text.slice(0, Math.max(0, max - 1))
  return `${/[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut}…`
}
