/** Notifications of the usual kinds, with made-up numbers: to see what they look like before a coin breaks. */
import type { Alert, Notification } from "@evenkeel/domain/alert/Alert"
import type { LevelChange } from "@evenkeel/domain/risk/RiskLevel"
import { levelFingerprint, levelLabels } from "../manager/Decide.ts"
import { causeOf, compileRule, ruleFingerprint, ruleLabels } from "../rule/Rule.ts"

/** 10 March 2023, 22:00 UTC. */
const began = 1_678_485_600_000

const change: LevelChange = {
  time: began,
  coin: "USDC",
  level: "critical",
  previous: "warning",
  kind: "break",
  fairValue: 0.96545,
  errorBps: 4.2,
  deviationBps: -345.5,
  venues: {
    agree: ["kraken", "coinbase"],
    differ: [],
    own: [
      { venue: "kraken", deviationBps: -361.2, level: "critical" },
      { venue: "coinbase", deviationBps: -330.9, level: "critical" }
    ]
  },
  evidence: {
    baselineBps: -0.8,
    beyond: { bars: 3, bps: 50 },
    fast: null,
    flow: { score: 6.1, surge: 8.4 },
    carrier: null,
    grounded: true,
    share: null,
    model: {
      version: 4,
      horizons: [
        { minutes: 60, probability: 0.93 },
        { minutes: 1440, probability: 0.97 }
      ]
    },
    drivers: [
      { name: "deviation_bps", value: -345.5, share: 0.7 },
      { name: "cusum", value: -28.4, share: 0.2 },
      { name: "score", value: -19.1, share: 0.1 }
    ]
  }
}

const levelAlert = (of: LevelChange, over: Partial<Alert> = {}): Alert => ({
  fingerprint: levelFingerprint(of.coin, "break", false),
  status: "firing",
  labels: levelLabels(of.coin, "break", "critical"),
  level: "critical",
  startsAt: began,
  endsAt: null,
  change: of,
  ...over
})

const rule = compileRule({
  name: "VenueApart",
  signal: "venueDeviation",
  below: -40,
  for: "2m",
  severity: "warning",
  annotations: { summary: "{{coin}} is {{value}} bps away on {{venue}} alone", description: "Look at withdrawals there." }
})
const ruleOwn = { coin: "DAI", venue: "kraken" }
const ruleAlert: Alert = {
  fingerprint: ruleFingerprint(rule.name, ruleOwn, false),
  status: "firing",
  labels: ruleLabels(rule, ruleOwn),
  level: "warning",
  startsAt: began,
  endsAt: null,
  rule: causeOf(rule, ruleOwn, -57.3)
}

const notification = (name: string, alerts: readonly [Alert, ...ReadonlyArray<Alert>], over: Partial<Notification> = {}): Notification => ({
  idempotencyKey: `preview-${name}`,
  position: 1,
  groupKey: `preview:${name}`,
  groupLabels: { coin: alerts[0].labels["coin"] ?? "" },
  status: alerts[0].status,
  alerts,
  simulated: false,
  ...over
})

const first = levelAlert(change)
/** It fell behind USDC, and less far. */
const second: LevelChange = {
  ...change,
  coin: "DAI",
  deviationBps: -210.4,
  fairValue: 0.97896,
  venues: {
    agree: ["kraken", "coinbase"],
    differ: [],
    own: [
      { venue: "kraken", deviationBps: -221.7, level: "critical" },
      { venue: "coinbase", deviationBps: -199.1, level: "critical" }
    ]
  },
  evidence: {
    ...change.evidence,
    baselineBps: -1.1,
    flow: null,
    carrier: "USDC",
    model: {
      version: 4,
      horizons: [
        { minutes: 60, probability: 0.81 },
        { minutes: 1440, probability: 0.9 }
      ]
    },
    drivers: [
      { name: "deviation_bps", value: -210.4, share: 0.8 },
      { name: "cusum", value: -17.2, share: 0.2 }
    ]
  }
}
const over: LevelChange = {
  ...change,
  venues: {
    agree: ["kraken", "coinbase"],
    differ: [],
    own: [
      { venue: "kraken", deviationBps: -3.8, level: "normal" },
      { venue: "coinbase", deviationBps: -2.4, level: "normal" }
    ]
  },
  evidence: { ...change.evidence, beyond: null, flow: null, model: null, drivers: [] },
  time: began + 7_200_000,
  level: "normal",
  previous: "watch",
  kind: "recovery",
  deviationBps: -3.1,
  fairValue: 0.99969
}

/** By name, in the order in which they are shown. */
export const sampleNotifications: Readonly<Record<string, Notification>> = {
  "a coin that breaks": notification("depeg", [first]),
  "a rule that fires": notification("rule", [ruleAlert]),
  "a group, repeated, of which one alert is acknowledged": notification("group", [first, levelAlert(second), ruleAlert], {
    acknowledged: [{ fingerprint: first.fingerprint, by: "ann", comment: "on it", at: began + 60_000 }]
  }),
  "a coin that is back": notification("resolved", [levelAlert(over, { status: "resolved", endsAt: over.time })])
}
