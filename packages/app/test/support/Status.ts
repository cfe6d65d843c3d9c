/** The status of an engine that has nothing to do. */
import type { StatusView } from "@evenkeel/api/contract/group/Status"

const nothing = { count: 0, p50: null, p95: null, p99: null, p999: null, max: null }

export const idleStatus: StatusView = {
  engine: { name: "test", version: "0.0.0", mode: "live", simulated: false, uptimeSeconds: 61, pid: 1 },
  ready: true,
  stale: [],
  components: [
    {
      component: "hot-path",
      status: "running",
      detail: "",
      restarts: 0,
      hung: false,
      heartbeatMillis: 12,
      gauges: {},
      degradation: { works: "the log", lost: "no level changes" }
    }
  ],
  stages: [
    {
      stage: "decode",
      span: "bytes to events",
      recent: { ...nothing, count: 3, p50: 900, p95: 1200, p99: 2e6, p999: 2e6, max: 3e9 },
      whole: nothing,
      unknown: ""
    }
  ],
  process: {
    cpuUserSeconds: 1,
    cpuSystemSeconds: 1,
    cpuShare: 0.25,
    residentBytes: 100e6,
    heapUsedBytes: 50e6,
    heapTotalBytes: 60e6,
    loopDelayP99Millis: 1,
    loopDelayMaxMillis: 3,
    loopUtilization: 0.1,
    collections: [],
    openFiles: 20,
    threads: null,
    diskFreeBytes: 5e9
  },
  bottleneck: null
}
