/** Why there is no model where data are: nothing can be learned of breaks from fewer than two separate events. */
import { Schema } from "effect"

/** The data hold too few breaks. */
export class NotEnoughToLearn extends Schema.TaggedError<NotEnoughToLearn>()("NotEnoughToLearn", {
  breaks: Schema.Int,
  days: Schema.Finite
}) {
  override get message() {
    return `not enough to learn from: ${this.breaks} breaks in ${this.days.toFixed(1)} days; breaks more than a week apart are needed: add data of some`
  }
}
