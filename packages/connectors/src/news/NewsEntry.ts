/** What every kind of document is read into. */
import { Schema } from "effect"

/** An item as its feed tells it; texts are cleaned (`cleanText`), and nothing of it is believed yet. */
export interface NewsEntry {
  /** The feed's own name for it; empty where it has none. */
  readonly id: string
  readonly title: string
  /** As it stands there, perhaps relative to the document; empty where there is none. */
  readonly link: string
  /** Unix ms; NaN where it has no date that can be read. */
  readonly published: number
}

/** What came is no feed. */
export class DocumentUnreadable extends Schema.TaggedError<DocumentUnreadable>()("DocumentUnreadable", { problem: Schema.String }) {
  override get message() {
    return this.problem
  }
}

/** Entries that are taken of one document; those behind are passed over. */
export const entriesMax = 1000
