/** A venue's update id. Ids exceed 2^53, so it is held in two doubles: high * 1e9 + low. */
export class SequenceId {
  high = 0
  low = 0

  set(high: number, low: number): void {
    this.high = high
    this.low = low
  }

  copy(from: SequenceId): void {
    this.high = from.high
    this.low = from.low
  }

  clone(): SequenceId {
    const twin = new SequenceId()
    twin.copy(this)
    return twin
  }

  /** Below, at or above zero as this is before, at or behind the other. */
  compare(other: SequenceId): number {
    return this.high === other.high ? this.low - other.low : this.high - other.high
  }

  equals(other: SequenceId): boolean {
    return this.high === other.high && this.low === other.low
  }

  /** True when this comes right behind the other. */
  follows(other: SequenceId): boolean {
    return other.low === 999_999_999
      ? this.low === 0 && this.high === other.high + 1
      : this.high === other.high && this.low === other.low + 1
  }
}
