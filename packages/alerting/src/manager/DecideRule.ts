/** What a fact about a rule means for its instance's alert: it opens, or is over. Pure, like `Decide`. */
import type { RuleCleared, RuleFired } from "../rule/RuleFacts.ts"
import type { AlertFact, AlertState } from "./Decide.ts"

/** `known`: the alert as it is, if there has been one. `position` is the fact's in the log. */
export const decideFired = (known: AlertState | undefined, fired: RuleFired, position: number): ReadonlyArray<AlertFact> =>
  known?.alert.status === "firing"
    ? []
    : [
        {
          kind: "AlertOpened",
          state: {
            alert: {
              fingerprint: fired.fingerprint,
              status: "firing",
              labels: fired.labels,
              level: fired.severity,
              startsAt: fired.time,
              endsAt: null,
              rule: fired.cause,
              ...(fired.simulated === true ? { simulated: true } : {})
            },
            openedPosition: position,
            position
          }
        }
      ]

export const decideCleared = (
  known: AlertState | undefined,
  { reason, time, value }: RuleCleared,
  position: number
): ReadonlyArray<AlertFact> => {
  if (known === undefined || known.alert.status !== "firing" || known.alert.rule === undefined) return []
  const { alert, openedPosition } = known
  const rule = { ...known.alert.rule, value: value ?? known.alert.rule.value }
  const closed = reason === null ? {} : { closedReason: reason, closedBy: "engine" as const }
  // A made-up market's time may lie behind what has been told.
  return [
    {
      kind: "AlertResolved",
      state: { alert: { ...alert, status: "resolved", endsAt: time, rule, ...closed }, openedPosition, position }
    }
  ]
}
