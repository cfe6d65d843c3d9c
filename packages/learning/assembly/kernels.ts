/**
 * The models' inner loops, in AssemblyScript with SIMD. Every argument is an address in the memory that the host shares; results are
 * written, not returned, because a double that crosses the boundary is boxed.
 *
 * Multiplications and additions are not fused: a fused step rounds differently on processors that lack it, and a replay must say the
 * same everywhere.
 */

// @ts-ignore: decorator
@inline
function step(nodes: usize, node: u32, row: usize): u32 {
  const at = nodes + ((<usize>node) << 3)
  const packed = load<u32>(at, 4)
  return (packed >> 8) + <u32>(load<f32>(row + ((<usize>(packed & 255)) << 2)) > load<f32>(at))
}

// @ts-ignore: decorator
@inline
function leaf(nodes: usize, node: u32): f64 {
  return load<f32>(nodes + ((<usize>node) << 3))
}

/**
 * Sum of what `trees` trees (a multiple of 20) say of the row, to `out` as f64.
 *
 * A node is `{f32 threshold; u32 left << 8 | feature}`, its right child follows the left one. A leaf holds its value as threshold, itself as
 * left child, and asks for feature 255, which is minus infinity in every row: so all walks take `depth` steps, without a branch, and
 * twenty of them wait for memory at once.
 */
export function walkTrees(nodes: usize, roots: usize, trees: i32, depth: i32, row: usize, out: usize): void {
  let sum: f64 = 0
  for (let tree = 0; tree < trees; tree += 20) {
    const at = roots + ((<usize>tree) << 2)
    let a = load<u32>(at)
    let b = load<u32>(at, 4)
    let c = load<u32>(at, 8)
    let d = load<u32>(at, 12)
    let e = load<u32>(at, 16)
    let f = load<u32>(at, 20)
    let g = load<u32>(at, 24)
    let h = load<u32>(at, 28)
    let i = load<u32>(at, 32)
    let j = load<u32>(at, 36)
    let k = load<u32>(at, 40)
    let l = load<u32>(at, 44)
    let m = load<u32>(at, 48)
    let n = load<u32>(at, 52)
    let o = load<u32>(at, 56)
    let p = load<u32>(at, 60)
    let q = load<u32>(at, 64)
    let r = load<u32>(at, 68)
    let s = load<u32>(at, 72)
    let t = load<u32>(at, 76)
    for (let level = 0; level < depth; level++) {
      a = step(nodes, a, row)
      b = step(nodes, b, row)
      c = step(nodes, c, row)
      d = step(nodes, d, row)
      e = step(nodes, e, row)
      f = step(nodes, f, row)
      g = step(nodes, g, row)
      h = step(nodes, h, row)
      i = step(nodes, i, row)
      j = step(nodes, j, row)
      k = step(nodes, k, row)
      l = step(nodes, l, row)
      m = step(nodes, m, row)
      n = step(nodes, n, row)
      o = step(nodes, o, row)
      p = step(nodes, p, row)
      q = step(nodes, q, row)
      r = step(nodes, r, row)
      s = step(nodes, s, row)
      t = step(nodes, t, row)
    }
    sum += leaf(nodes, a) + leaf(nodes, b) + leaf(nodes, c) + leaf(nodes, d) + leaf(nodes, e)
    sum += leaf(nodes, f) + leaf(nodes, g) + leaf(nodes, h) + leaf(nodes, i) + leaf(nodes, j)
    sum += leaf(nodes, k) + leaf(nodes, l) + leaf(nodes, m) + leaf(nodes, n) + leaf(nodes, o)
    sum += leaf(nodes, p) + leaf(nodes, q) + leaf(nodes, r) + leaf(nodes, s) + leaf(nodes, t)
  }
  store<f64>(out, sum)
}

/**
 * One dense layer with rectified units: `to = max(0, weights * from + biases)`. `outputs` is a multiple of 32; weights lie in blocks of 32
 * outputs, `[block][input][32]`.
 */
export function dense(weights: usize, biases: usize, from: usize, to: usize, inputs: i32, outputs: i32): void {
  const zero = f32x4.splat(0)
  let weight = weights
  for (let output = 0; output < outputs; output += 32) {
    const bias = biases + ((<usize>output) << 2)
    let a = v128.load(bias)
    let b = v128.load(bias, 16)
    let c = v128.load(bias, 32)
    let d = v128.load(bias, 48)
    let e = v128.load(bias, 64)
    let f = v128.load(bias, 80)
    let g = v128.load(bias, 96)
    let h = v128.load(bias, 112)
    for (let input = 0; input < inputs; input++, weight += 128) {
      const value = v128.load_splat<f32>(from + ((<usize>input) << 2))
      a = f32x4.add(a, f32x4.mul(value, v128.load(weight)))
      b = f32x4.add(b, f32x4.mul(value, v128.load(weight, 16)))
      c = f32x4.add(c, f32x4.mul(value, v128.load(weight, 32)))
      d = f32x4.add(d, f32x4.mul(value, v128.load(weight, 48)))
      e = f32x4.add(e, f32x4.mul(value, v128.load(weight, 64)))
      f = f32x4.add(f, f32x4.mul(value, v128.load(weight, 80)))
      g = f32x4.add(g, f32x4.mul(value, v128.load(weight, 96)))
      h = f32x4.add(h, f32x4.mul(value, v128.load(weight, 112)))
    }
    const at = to + ((<usize>output) << 2)
    v128.store(at, f32x4.pmax(zero, a))
    v128.store(at, f32x4.pmax(zero, b), 16)
    v128.store(at, f32x4.pmax(zero, c), 32)
    v128.store(at, f32x4.pmax(zero, d), 48)
    v128.store(at, f32x4.pmax(zero, e), 64)
    v128.store(at, f32x4.pmax(zero, f), 80)
    v128.store(at, f32x4.pmax(zero, g), 96)
    v128.store(at, f32x4.pmax(zero, h), 112)
  }
}

/** `sum of weights[i] * from[i]` over a multiple of 4 inputs, to `out` as f64. */
export function dot(weights: usize, from: usize, inputs: i32, out: usize): void {
  let low = f64x2.splat(0)
  let high = f64x2.splat(0)
  const bytes = (<usize>inputs) << 2
  for (let at: usize = 0; at < bytes; at += 16) {
    const product = f32x4.mul(v128.load(weights + at), v128.load(from + at))
    low = f64x2.add(low, f64x2.promote_low_f32x4(product))
    high = f64x2.add(high, f64x2.promote_low_f32x4(v128.shuffle<i32>(product, product, 2, 3, 0, 1)))
  }
  const both = f64x2.add(low, high)
  store<f64>(out, f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1))
}

/**
 * exp of four numbers of which none is above 0; those below -60 count as -60, because denormals take many times as long. Two parts of
 * ln 2 for the argument's reduction and a polynomial of degree 6: within 2 units in the last place. After J.-M. Muller,
 * "Elementary Functions", 2016, chapter 11.
 */
// @ts-ignore: decorator
@inline
function exp4(x: v128): v128 {
  const bounded = f32x4.max(x, f32x4.splat(-60))
  const scaled = f32x4.nearest(f32x4.mul(bounded, f32x4.splat(1.44269504)))
  let r = f32x4.sub(bounded, f32x4.mul(scaled, f32x4.splat(0.693359375)))
  r = f32x4.sub(r, f32x4.mul(scaled, f32x4.splat(-2.12194440e-4)))
  let p = f32x4.splat(1.9875691500e-4)
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.3981999507e-3))
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(8.3334519073e-3))
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(4.1665795894e-2))
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.6666665459e-1))
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(5.0000001201e-1))
  p = f32x4.add(f32x4.add(f32x4.mul(f32x4.mul(r, r), p), r), f32x4.splat(1))
  const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(scaled), i32x4.splat(127)), 23)
  return f32x4.mul(p, power)
}

/**
 * `sum of weights[s] * exp(-gamma * |row - support s|^2)` to `out` as f64. Supports (a multiple of 16) lie in blocks of 16,
 * `[block][feature][16]`.
 */
export function kernelSum(supports: usize, weights: usize, count: i32, features: i32, gamma: f32, row: usize, out: usize): void {
  const scale = f32x4.splat(-gamma)
  let low = f64x2.splat(0)
  let high = f64x2.splat(0)
  let at = supports
  for (let support = 0; support < count; support += 16) {
    let a = f32x4.splat(0)
    let b = f32x4.splat(0)
    let c = f32x4.splat(0)
    let d = f32x4.splat(0)
    for (let feature = 0; feature < features; feature++, at += 64) {
      const value = v128.load_splat<f32>(row + ((<usize>feature) << 2))
      const p = f32x4.sub(value, v128.load(at))
      const q = f32x4.sub(value, v128.load(at, 16))
      const r = f32x4.sub(value, v128.load(at, 32))
      const s = f32x4.sub(value, v128.load(at, 48))
      a = f32x4.add(a, f32x4.mul(p, p))
      b = f32x4.add(b, f32x4.mul(q, q))
      c = f32x4.add(c, f32x4.mul(r, r))
      d = f32x4.add(d, f32x4.mul(s, s))
    }
    const weight = weights + ((<usize>support) << 2)
    let sum = f32x4.mul(v128.load(weight), exp4(f32x4.mul(a, scale)))
    low = f64x2.add(low, f64x2.promote_low_f32x4(sum))
    high = f64x2.add(high, f64x2.promote_low_f32x4(v128.shuffle<i32>(sum, sum, 2, 3, 0, 1)))
    sum = f32x4.mul(v128.load(weight, 16), exp4(f32x4.mul(b, scale)))
    low = f64x2.add(low, f64x2.promote_low_f32x4(sum))
    high = f64x2.add(high, f64x2.promote_low_f32x4(v128.shuffle<i32>(sum, sum, 2, 3, 0, 1)))
    sum = f32x4.mul(v128.load(weight, 32), exp4(f32x4.mul(c, scale)))
    low = f64x2.add(low, f64x2.promote_low_f32x4(sum))
    high = f64x2.add(high, f64x2.promote_low_f32x4(v128.shuffle<i32>(sum, sum, 2, 3, 0, 1)))
    sum = f32x4.mul(v128.load(weight, 48), exp4(f32x4.mul(d, scale)))
    low = f64x2.add(low, f64x2.promote_low_f32x4(sum))
    high = f64x2.add(high, f64x2.promote_low_f32x4(v128.shuffle<i32>(sum, sum, 2, 3, 0, 1)))
  }
  const both = f64x2.add(low, high)
  store<f64>(out, f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1))
}
