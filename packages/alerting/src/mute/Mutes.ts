/** Everything that holds an alert back: inhibition by another one, the route's times, and silences. */
import type { Labels } from "@evenkeel/domain/alert/Labels"
import type { Route } from "../route/Route.ts"
import { Inhibitor, type InhibitRule } from "./Inhibition.ts"
import { type Silence, Silences } from "./Silence.ts"
import { isWithin, type TimeInterval } from "./TimeInterval.ts"

/** Why an alert is not told. */
export type Mute =
  | { readonly by: "inhibition" }
  | { readonly by: "time" }
  | { readonly by: "silence"; readonly silences: ReadonlyArray<Silence> }

export interface MuteOptions {
  readonly inhibitRules: ReadonlyArray<InhibitRule>
  /** By name. */
  readonly timeIntervals: ReadonlyMap<string, ReadonlyArray<TimeInterval>>
  readonly silences: ReadonlyArray<Silence>
}

type Times = Pick<Route, "activeTimeIntervals" | "muteTimeIntervals">

export class Mutes {
  readonly #timeIntervals: MuteOptions["timeIntervals"]
  readonly #inhibitor: Inhibitor
  readonly #silences: Silences

  /** `firing`: the labels of all alerts that fire. */
  constructor({ inhibitRules, silences, timeIntervals }: MuteOptions, firing: ReadonlyArray<Labels>) {
    this.#timeIntervals = timeIntervals
    this.#inhibitor = new Inhibitor(inhibitRules, firing)
    this.#silences = new Silences(silences)
  }

  /** What holds an alert with `labels` back on `route` at `now`, Unix ms; undefined where nothing does. */
  of(route: Times, labels: Labels, now: number): Mute | undefined {
    if (this.#inhibitor.inhibits(labels)) return { by: "inhibition" }
    if (this.#isMuteTime(route, now)) return { by: "time" }
    const silences = this.#silences.of(labels, now)
    return silences.length > 0 ? { by: "silence", silences } : undefined
  }

  #isMuteTime({ activeTimeIntervals, muteTimeIntervals }: Times, now: number): boolean {
    const within = (name: string) => isWithin(this.#timeIntervals.get(name) ?? [], now)
    return muteTimeIntervals.some(within) || (activeTimeIntervals.length > 0 && !activeTimeIntervals.some(within))
  }
}
