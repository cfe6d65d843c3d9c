/**
 * The threads that can be profiled by name, while they run: whoever starts one says so here.
 *
 * Node stops a thread for its samples wherever it is; one that waits for work is asked as well.
 */
import { Context } from "effect"

/** What a `Worker` of Node offers. */
export interface ProfiledThread {
  readonly startCpuProfile: () => Promise<{ readonly stop: () => Promise<string> }>
}

export const ThreadProfiles = Context.Reference<Map<string, ProfiledThread>>("@evenkeel/runtime/worker/ThreadProfiles", {
  defaultValue: () => new Map()
})
