/** What is said of the coin: how many items named it lately, and in which tone. No training data has either, so the shipped model asks for neither. */
import type { CoinBar, Family, FamilyDefinition } from "./CoinBar.ts"

class News implements Family {
  update({ newsCount, newsScore }: CoinBar, out: Float64Array, at: number): void {
    out[at] = newsCount
    out[at + 1] = newsScore
  }
}

export const news: FamilyDefinition = {
  names: ["news_count", "news_sentiment"],
  outward: [],
  make: () => new News()
}
