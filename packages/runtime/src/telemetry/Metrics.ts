/**
 * Every metric's name, in one place: Prometheus style, unit last.
 *
 * The hot path counts in shared memory; `app` copies those counts into these when somebody scrapes.
 */
import { Metric } from "effect"

const counter = (name: string, description: string) => Metric.counter(`evenkeel_${name}`, { description, incremental: true })
const gauge = (name: string, description: string) => Metric.gauge(`evenkeel_${name}`, { description })

export const Metrics = {
  framesReceived: counter("frames_received_total", "Frames taken from venues' sockets, by venue"),
  framesRefused: counter("frames_refused_total", "Frames that could not be used, by venue and outcome"),
  framesDropped: counter("frames_dropped_total", "Frames that found the frames ring full, by venue"),
  reconnects: counter("reconnects_total", "Connections that had to be made again, by venue"),
  cutOff: counter("connections_cut_off_total", "Connections that were closed because their venue sent too many bytes, by venue"),
  snapshots: counter("book_snapshots_total", "Book snapshots asked for, by venue and reason"),
  levelChanges: counter("level_changes_total", "Risk level changes, by coin and level"),
  levelChangesRefused: counter("level_changes_refused_total", "Risk level changes that were not recorded: their numbers are none, by coin"),
  notifications: counter("notifications_total", "Deliveries to receivers, by receiver and outcome"),
  factsSetAside: counter("facts_set_aside_total", "Facts that a consumer of the log could not handle, by consumer"),
  notificationsAbandoned: counter("notifications_abandoned_total", "Notifications given up after too many attempts, by receiver"),
  heartbeats: counter("heartbeats_total", "Calls of the heartbeat's address, by outcome: sent, failed, or withheld while not ready"),
  newsReadings: counter("news_readings_total", "Readings of news feeds, by feed and outcome: read, unchanged, or why it failed"),
  newsItems: counter(
    "news_items_total",
    "Items in news feeds' documents, by feed and outcome: new, known, old, unnamed (of no coin), waiting"
  ),
  scoresDropped: counter("scores_dropped_total", "Scores that found the signals ring full"),
  logLinesLost: counter(
    "log_lines_lost_total",
    "Log lines that were given up, because more came than could be written or because a file could not be"
  ),
  telemetryLost: counter("telemetry_lost_total", "Spans and log lines that the collector did not take, by what"),
  simulated: gauge("simulated", "1 where the markets are no real ones"),
  stale: gauge("coin_stale", "1 while a coin has no fresh price, by coin"),
  fairValue: gauge("fair_value", "Fair value in the peg's currency, by coin"),
  deviationBps: gauge("deviation_bps", "Fair value against the peg, by coin"),
  errorBps: gauge("fair_value_error_bps", "Standard error of the fair value, by coin"),
  level: gauge("risk_level", "0 normal, 1 watch, 2 warning or stale, 3 critical, by coin"),
  publishToScore: gauge("publish_to_score_seconds", "From a frame's publication to its score, by quantile"),
  ringFill: gauge("ring_fill_ratio", "Share of a ring in use, by ring"),
  componentStatus: gauge("component_up", "1 while a component runs, by component"),
  journalBytes: counter("journal_bytes_total", "Compressed bytes written to the market journal"),
  alertsUnwatched: gauge("alerts_unwatched", "Alerts that fire of coins which the configuration does not watch"),
  outboxPending: gauge("outbox_pending", "Notifications that wait for delivery"),
  outboxAbandoned: gauge("outbox_abandoned", "Notifications that were given up and are kept"),
  outboxUnnoted: gauge("outbox_unnoted", "Notifications that were delivered, which the database does not note")
} as const
