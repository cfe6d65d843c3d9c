/**
 * How the engine treats everything that can fail outside the process, declared as values in one place.
 *
 * Each call runs under a named policy: rate limiter, then circuit breaker around each attempt (so that a dead peer is
 * left alone), a timeout for each attempt, and retries with exponential backoff and jitter for what a retry can mend.
 */
import type { Duration } from "effect"

export interface Policy {
  /** One attempt may take this long. */
  readonly timeout: Duration.Input
  readonly retry: { readonly times: number; readonly base: Duration.Input; readonly max: Duration.Input }
  /** Opens after so many failures in a row, probes after `openFor`, closes after so many successful probes. */
  readonly breaker: { readonly failures: number; readonly openFor: Duration.Input; readonly successes: number }
  /** `limit` tokens a `window`; a call waits for its tokens. */
  readonly rate?: { readonly limit: number; readonly window: Duration.Input }
}

export const policyNames = ["connect", "rest", "rpc", "deliver", "fetch"] as const
export type PolicyName = (typeof policyNames)[number]

const breaker: Policy["breaker"] = { failures: 5, openFor: "30 seconds", successes: 3 }

/** The policies by name. `Policies.layer` overrides one for all its calls, or for one venue or receiver. */
export const defaultPolicies: Readonly<Record<PolicyName, Policy>> = {
  /** Opening a venue's socket: the reconnection loop retries, so the policy does not. */
  connect: { timeout: "10 seconds", retry: { times: 0, base: "1 second", max: "1 second" }, breaker },
  /** A venue's REST call. Weights are tokens: Binance allows 6000 a minute, of which half is left to its other users. */
  rest: {
    // A venue's whole list of pairs is megabytes.
    timeout: "15 seconds",
    retry: { times: 3, base: "250 millis", max: "5 seconds" },
    breaker,
    rate: { limit: 3000, window: "1 minute" }
  },
  /** A chain's node: another one is asked at once, so an attempt is not repeated. Weights are calls. */
  rpc: {
    timeout: "10 seconds",
    retry: { times: 0, base: "1 second", max: "1 second" },
    breaker,
    rate: { limit: 1200, window: "1 minute" }
  },
  /** Telling a receiver. The outbox keeps what fails, so patience lives there and a call gives up soon. */
  deliver: { timeout: "5 seconds", retry: { times: 2, base: "200 millis", max: "2 seconds" }, breaker },
  /** A news feed's document, to its last byte. It is read again anyway, and later the longer it fails. */
  fetch: { timeout: "20 seconds", retry: { times: 0, base: "1 second", max: "1 second" }, breaker }
}
