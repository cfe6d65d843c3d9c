/**
 * What the main thread and the thread that watches it share, and one look of the watching one. Plain code: that thread loads nothing else.
 *
 * ```text
 * int32  0 beats of the main thread   1 looks that the present standstill has lasted   2 standstills   3 looks of the longest   4 looks of the newest that is over
 * ```
 */
export const words = { beats: 0, standing: 1, standstills: 2, longest: 3, newest: 4 } as const

export const allocateMainWatch = (): SharedArrayBuffer => new SharedArrayBuffer(64)

/** Between two looks of the thread. */
export const lookMillis = 200
/** Fewer looks are no standstill: the main thread has a long turn. */
export const standstillLooks = 5

/** One look of the watching thread; `seen` are the beats of the look before. Answers the beats now. */
export const lookAtMain = (memory: Int32Array, seen: number): number => {
  const beats = Atomics.load(memory, words.beats)
  if (beats === seen) {
    const looks = Atomics.add(memory, words.standing, 1) + 1
    if (looks === standstillLooks) {
      Atomics.add(memory, words.standstills, 1)
      Atomics.notify(memory, words.standstills)
    }
    return beats
  }
  const looks = Atomics.exchange(memory, words.standing, 0)
  if (looks >= standstillLooks) {
    Atomics.store(memory, words.newest, looks)
    if (looks > Atomics.load(memory, words.longest)) Atomics.store(memory, words.longest, looks)
  }
  return beats
}
