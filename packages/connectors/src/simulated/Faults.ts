/**
 * What can go wrong between a venue and its listener, on purpose and from a seed: frames that are lost, doubled, out of order,
 * damaged or late, and connections that are cut.
 */
import { seeded } from "./Scenario.ts"

/** Probabilities for each frame, 0 to 1. */
export interface FaultRates {
  readonly drop: number
  readonly duplicate: number
  readonly reorder: number
  readonly corrupt: number
  readonly delay: number
  readonly cut: number
}

export const noFaults: FaultRates = { drop: 0, duplicate: 0, reorder: 0, corrupt: 0, delay: 0, cut: 0 }

export interface FaultyLine {
  readonly give: (frame: string | Uint8Array) => void
  /** The connection has ended: what is still held back is lost. */
  readonly end: () => void
}

/** A delayed frame comes after so many others. */
const delayFrames = 5

export class Faults {
  rates: FaultRates = noFaults
  readonly #random: () => number
  readonly counts = { drop: 0, duplicate: 0, reorder: 0, corrupt: 0, delay: 0, cut: 0 }
  /** Sends what each open line holds back. */
  readonly #releases = new Set<() => void>()

  constructor(seed: number) {
    this.#random = seeded(seed)
  }

  /** Sends everything that is held back or delayed, at once. */
  release(): void {
    for (const release of this.#releases) release()
  }

  /** A connection's own line; hand each frame to it. `cut` ends the connection. */
  line(send: (frame: string | Uint8Array) => void, cut: () => void): FaultyLine {
    let held: string | Uint8Array | undefined
    let late: Array<{ frame: string | Uint8Array; after: number }> = []
    const release = () => {
      for (const { frame } of late) send(frame)
      late = []
      if (held !== undefined) send(held)
      held = undefined
    }
    this.#releases.add(release)
    const happens = (fault: keyof FaultRates): boolean => {
      if (this.rates[fault] === 0 || this.#random() >= this.rates[fault]) return false
      this.counts[fault]++
      return true
    }
    const give = (frame: string | Uint8Array) => {
      for (const entry of late) entry.after--
      while (late[0] !== undefined && late[0].after <= 0) send(late.shift()!.frame)
      if (happens("cut")) return cut()
      if (happens("drop")) return
      if (happens("delay")) {
        late.push({ frame, after: delayFrames })
        return
      }
      if (held === undefined && happens("reorder")) {
        held = frame
        return
      }
      send(happens("corrupt") ? this.#damaged(frame) : frame)
      if (held !== undefined) {
        send(held)
        held = undefined
      }
      if (happens("duplicate")) send(frame)
    }
    return { give, end: () => this.#releases.delete(release) }
  }

  /** The end missing, or a byte that is no text: what a listener can notice. */
  #damaged(frame: string | Uint8Array): Uint8Array {
    const bytes = typeof frame === "string" ? new TextEncoder().encode(frame) : Uint8Array.from(frame)
    if (this.#random() < 0.5) return bytes.subarray(0, Math.floor(bytes.length * this.#random()))
    const at = Math.floor(bytes.length * this.#random())
    bytes[at] = 0xff
    return bytes
  }
}
