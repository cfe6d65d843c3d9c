/** A probability as people read it: two digits, and neither certain nor impossible. */
export const chanceText = (probability: number): string => {
  if (probability > 0.99) return ">99%"
  if (probability < 1e-4) return "<0.01%"
  return `${probability < 0.1 ? (100 * probability).toPrecision(2) : Math.round(100 * probability)}%`
}
