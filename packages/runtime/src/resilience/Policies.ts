/**
 * Runs calls under their policies, and knows the state of every breaker.
 *
 * Effect's CircuitBreaker closes after one good probe; reporting the first ones as neither success nor failure makes it
 * ask for as many as the policy says.
 */
import { Cause, Context, Effect, Exit, Layer, Schedule, Schema, type Scope } from "effect"
import { CircuitBreaker, RateLimiter } from "effect/persistence"
import { HealthRegistry } from "../health/HealthRegistry.ts"
import { defaultPolicies, type Policy, type PolicyName, policyNames } from "./Policy.ts"

export class Policies extends Context.Service<
  Policies,
  {
    /**
     * `effect` under the policy `name`; calls with one `key` share a breaker and a rate. `tokens` is the call's weight,
     * `retryable` tells which failures a retry may mend (all, unless said).
     */
    readonly run: <A, E, R>(
      effect: Effect.Effect<A, E, R>,
      options: {
        readonly name: PolicyName
        readonly key: string
        readonly tokens?: number
        readonly retryable?: (error: E) => boolean
      }
    ) => Effect.Effect<A, E | PolicyError, R>
    /** The policy that calls of `name` with `key` run under. */
    readonly policy: (name: PolicyName, key: string) => Policy
    readonly breaker: (name: PolicyName, key: string) => Effect.Effect<BreakerState>
    /** Every breaker that was ever used: `deliver:webhook` and its state. */
    readonly breakers: Effect.Effect<ReadonlyArray<{ readonly key: string; readonly state: BreakerState }>>
  }
>()("@evenkeel/runtime/resilience/Policies") {
  /** What `overrides` leaves unsaid stays as in `defaultPolicies`. */
  static readonly layer = (overrides: PolicyOverrides = {}) =>
    Layer.effect(Policies, makePolicies(overrides)).pipe(
      Layer.provide([CircuitBreaker.layerStoreMemory(), RateLimiter.layer.pipe(Layer.provide(RateLimiter.layerStoreMemory))])
    )
}

/** By name, for all its calls (`deliver`), or by name and key, for one venue or receiver (`deliver:slack`), over that. */
export type PolicyOverrides = Partial<Readonly<Record<PolicyName | `${PolicyName}:${string}`, Partial<Policy>>>>

export type BreakerState = "closed" | "open" | "half-open"

/** The policy, not the call, ended it. */
export class PolicyError extends Schema.TaggedError<PolicyError>()("PolicyError", {
  policy: Schema.String,
  key: Schema.String,
  reason: Schema.Literals(["timed-out", "circuit-open"])
}) {
  override get message() {
    return `${this.policy}:${this.key} ${this.reason === "timed-out" ? "took too long" : "is left alone: its circuit is open"}`
  }
}

interface Guard {
  readonly policy: Policy
  readonly execute: (key: string) => <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E | CircuitBreaker.CircuitBreakerError, R>
  readonly state: (key: string) => Effect.Effect<BreakerState>
}

const makeGuard: (policy: Policy) => Effect.Effect<Guard, never, CircuitBreaker.CircuitBreakerStore | Scope.Scope> = Effect.fnUntraced(
  function* (policy) {
    const inner = yield* CircuitBreaker.make({
      tripPolicy: CircuitBreaker.consecutive(policy.breaker.failures),
      openDuration: policy.breaker.openFor
    })
    const state = (key: string) =>
      inner.state(key).pipe(
        Effect.map(({ _tag }): BreakerState => (_tag === "Open" ? "open" : _tag === "HalfOpen" ? "half-open" : "closed")),
        Effect.orDie
      )
    const probes = new Map<string, number>()
    const classify = (key: string) => (exit: Exit.Exit<unknown, unknown>) =>
      Effect.map(state(key), (current): CircuitBreaker.Outcome => {
        if (!Exit.isSuccess(exit)) {
          probes.delete(key)
          return Cause.hasInterruptsOnly(exit.cause) ? CircuitBreaker.ignored : CircuitBreaker.failure()
        }
        if (current !== "half-open") return CircuitBreaker.success
        const good = (probes.get(key) ?? 0) + 1
        if (good < policy.breaker.successes) {
          probes.set(key, good)
          return CircuitBreaker.ignored
        }
        probes.delete(key)
        return CircuitBreaker.success
      })
    return {
      policy,
      execute: (key) => (self) => inner.execute(self, { key, classify: classify(key) }),
      state
    }
  }
)

const makePolicies = Effect.fnUntraced(function* (overrides: PolicyOverrides) {
  const limiter = yield* RateLimiter.RateLimiter
  const health = yield* HealthRegistry
  const guards = new Map<string, Guard>()
  for (const name of policyNames) guards.set(name, yield* makeGuard({ ...defaultPolicies[name], ...overrides[name] }))
  for (const [target, policy] of Object.entries(overrides)) {
    const name = policyNames.find((candidate) => target.startsWith(`${candidate}:`))
    if (name !== undefined) guards.set(target, yield* makeGuard({ ...defaultPolicies[name], ...overrides[name], ...policy }))
  }
  const guardOf = (name: PolicyName, key: string): Guard => guards.get(`${name}:${key}`) ?? guards.get(name)!
  const used = new Map<string, { readonly name: PolicyName; readonly key: string }>()

  const run: Policies["Service"]["run"] = Effect.fnUntraced(function* (effect, { name, key, tokens, retryable }) {
    const { policy, execute, state } = guardOf(name, key)
    const component = `${name}:${key}`
    if (!used.has(component)) {
      used.set(component, { name, key })
      yield* health.report(component, "running", "breaker closed")
    }
    const limited =
      policy.rate === undefined
        ? Effect.void
        : limiter.consume({ key: component, ...policy.rate, tokens: tokens ?? 1, onExceeded: "delay", algorithm: "token-bucket" }).pipe(
            Effect.flatMap(({ delay }) => Effect.sleep(delay)),
            Effect.orDie
          )
    const attempt = limited.pipe(
      Effect.andThen(
        effect.pipe(
          Effect.timeoutOrElse({
            duration: policy.timeout,
            orElse: () => Effect.fail(new PolicyError({ policy: name, key, reason: "timed-out" }))
          }),
          execute(key)
        )
      ),
      Effect.mapError((error) =>
        error instanceof CircuitBreaker.CircuitBreakerError ? new PolicyError({ policy: name, key, reason: "circuit-open" }) : error
      ),
      Effect.ensuring(
        Effect.flatMap(state(key), (current) =>
          health.report(component, current === "closed" ? "running" : "degraded", `breaker ${current}`)
        )
      )
    )
    return yield* Effect.retry(attempt, {
      times: policy.retry.times,
      schedule: Schedule.min([Schedule.exponential(policy.retry.base), Schedule.spaced(policy.retry.max)]).pipe(Schedule.jittered),
      while: (error) => (error instanceof PolicyError ? error.reason === "timed-out" : retryable === undefined || retryable(error))
    })
  })

  const breaker = (name: PolicyName, key: string) => guardOf(name, key).state(key)
  return Policies.of({
    run,
    policy: (name, key) => guardOf(name, key).policy,
    breaker,
    breakers: Effect.suspend(() =>
      Effect.forEach([...used], ([component, { name, key }]) => Effect.map(breaker(name, key), (state) => ({ key: component, state })))
    )
  })
})
