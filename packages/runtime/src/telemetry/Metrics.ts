/**
 * Every metric's name, in one place: Prometheus style, unit last.
 *
 * The hot path counts in shared memory; `app` copies those counts into these when somebody scrapes.
 */
import { Metric } from "effect"

const counter = (name: string, description: string) => Metric.counter(`evenkeel_${name}`, { description, incremental: true })
const gauge = (name: string, description: string) => Metric.gauge(`evenkeel_${name}`, { description })

/** Under the names that Prometheus' own clients give them. */
const plainCounter = (name: string, description: string) => Metric.counter(name, { description, incremental: true })
const plainGauge = (name: string, description: string) => Metric.gauge(name, { description })

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
  templateFailures: counter(
    "template_failures_total",
    "Templates of notifications of which nothing came, so that the built-in words stood"
  ),
  ruleChanges: counter("rule_changes_total", "Instances of alert rules that began to fire or were cleared, by rule and event"),
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
  breakProbability: gauge(
    "break_probability",
    "Probability of a break within a horizon, by coin and horizon_minutes; none while the coin is stale or no model serves"
  ),
  level: gauge("risk_level", "0 normal, 1 watch, 2 warning or stale, 3 critical, by coin"),
  ringFill: gauge("ring_fill_ratio", "Share of a ring in use, by ring"),
  componentHung: gauge("component_hung", "1 while a component that should have shown life has not, by component"),
  componentRestarts: counter("component_restarts_total", "Times that a component was started again, by component"),
  hotPathBusy: gauge("hot_path_busy_ratio", "Share of the last second that the hot path has worked on frames"),
  diskFree: gauge("disk_free_bytes", "Room on the disk of the data directory"),
  standstills: counter("main_thread_standstills_total", "Times that the main thread did not run for a second or longer"),
  componentStatus: gauge("component_up", "1 while a component runs, be it degraded, or was stopped on purpose, by component"),
  journalBytes: counter("journal_bytes_total", "Compressed bytes written to the market journal"),
  ready: gauge("ready", "1 while users can rely on the engine, as /readyz says"),
  alertsFiring: gauge("alerts_firing", "Alerts that fire, by severity"),
  alertsUnwatched: gauge("alerts_unwatched", "Alerts that fire of coins which the configuration does not watch"),
  outboxPending: gauge("outbox_pending", "Notifications that wait for delivery"),
  outboxAbandoned: gauge("outbox_abandoned", "Notifications that were given up and are kept"),
  outboxUnnoted: gauge("outbox_unnoted", "Notifications that were delivered, which the database does not note"),
  cpu: plainCounter("process_cpu_seconds_total", "Processor time of the process, user and system"),
  cpuUser: plainCounter("process_cpu_user_seconds_total", "Processor time of the process in its own code"),
  cpuSystem: plainCounter("process_cpu_system_seconds_total", "Processor time of the process in the system"),
  residentMemory: plainGauge("process_resident_memory_bytes", "Resident memory of the process"),
  openFiles: plainGauge("process_open_fds", "Open file handles of the process"),
  threads: plainGauge("process_threads", "Threads of the process"),
  startTime: plainGauge("process_start_time_seconds", "When the process began, Unix time"),
  heapUsed: plainGauge("nodejs_heap_size_used_bytes", "Heap of the main thread that is in use"),
  heapTotal: plainGauge("nodejs_heap_size_total_bytes", "Heap of the main thread"),
  loopLag: plainGauge("nodejs_eventloop_lag_seconds", "The longest delay of the main thread's event loop in the last minute"),
  loopLagP99: plainGauge("nodejs_eventloop_lag_p99_seconds", "Delay of the main thread's event loop in the last minute, 99th percentile"),
  loopUtilization: plainGauge("nodejs_eventloop_utilization_ratio", "Share of the last second that the main thread was busy"),
  collections: plainCounter("nodejs_gc_runs_total", "Collections of garbage in the main thread, by kind"),
  collecting: plainCounter("nodejs_gc_seconds_total", "Time that collections of garbage took in the main thread, by kind")
} as const

/** Histograms are kept in memory of their own, see `BucketedHistograms`. */
export const Histograms = {
  stageSeconds: {
    name: "evenkeel_stage_seconds",
    description: "How long a stage between a venue and a receiver takes, by stage; in the hot path one frame in 61 is measured",
    label: "stage"
  }
} as const

/** Labels by which a metric is divided; one that is not here has none. What dashboards and alert rules ask for is held against this. */
export const metricLabels: Partial<Record<keyof typeof Metrics, ReadonlyArray<string>>> = {
  framesReceived: ["venue"],
  framesRefused: ["venue", "outcome"],
  framesDropped: ["venue"],
  reconnects: ["venue"],
  cutOff: ["venue"],
  snapshots: ["venue", "reason"],
  levelChanges: ["coin", "level"],
  levelChangesRefused: ["coin"],
  notifications: ["receiver", "outcome"],
  ruleChanges: ["rule", "event"],
  factsSetAside: ["consumer"],
  notificationsAbandoned: ["receiver"],
  heartbeats: ["outcome"],
  newsReadings: ["feed", "outcome"],
  newsItems: ["feed", "outcome"],
  stale: ["coin"],
  fairValue: ["coin"],
  deviationBps: ["coin"],
  errorBps: ["coin"],
  breakProbability: ["coin", "horizon_minutes"],
  level: ["coin"],
  ringFill: ["ring"],
  componentHung: ["component"],
  componentRestarts: ["component"],
  componentStatus: ["component"],
  alertsFiring: ["severity"],
  collections: ["kind"],
  collecting: ["kind"],
  telemetryLost: ["what"]
}
