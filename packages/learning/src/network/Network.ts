/**
 * A feed-forward network with rectified units and one output, trained by Adam on the log loss.
 * Sources: D. Kingma and J. Ba, "Adam", 2015; K. He et al., "Delving Deep into Rectifiers", 2015 (starting weights). Features should be
 * scaled and none missing: see `Scaler`.
 */
import { Random } from "../data/Random.ts"
import { rowsOf, type Table } from "../data/Table.ts"
import { sigmoid } from "../logistic/LogisticRegression.ts"

export interface Layer {
  readonly inputs: number
  readonly outputs: number
  /** `[input * outputs + output]` */
  readonly weights: Float32Array
  readonly biases: Float32Array
}

export interface Network {
  readonly layers: ReadonlyArray<Layer>
}

export interface NetworkOptions {
  readonly hidden: ReadonlyArray<number>
  readonly epochs: number
  readonly batch: number
  readonly rate: number
  /** Share of each weight that is taken away at each step, in units of the rate. */
  readonly decay: number
  readonly seed: number
}

const beta1 = 0.9
const beta2 = 0.999
const epsilon = 1e-8

/** `onEpoch` is told after each epoch how many there were; false stops. */
export const fitNetwork = (table: Table, options: NetworkOptions, onEpoch: (epochs: number) => boolean = () => true): Network => {
  const random = new Random(options.seed)
  const sizes = [table.features, ...options.hidden, 1]
  const layers = sizes.slice(1).map((outputs, index) => {
    const inputs = sizes[index]!
    const spread = Math.sqrt(2 / inputs)
    return {
      inputs,
      outputs,
      weights: Float32Array.from({ length: inputs * outputs }, () => random.normal() * spread),
      biases: new Float32Array(outputs),
      weightGradients: new Float64Array(inputs * outputs),
      biasGradients: new Float64Array(outputs),
      weightMoments: [new Float64Array(inputs * outputs), new Float64Array(inputs * outputs)] as const,
      biasMoments: [new Float64Array(outputs), new Float64Array(outputs)] as const
    }
  })
  const activations = sizes.map((size) => new Float64Array(size))
  const errors = sizes.map((size) => new Float64Array(size))
  const order = Uint32Array.from({ length: rowsOf(table) }, (_, row) => row)
  let steps = 0

  const learn = (row: number): void => {
    const input = activations[0]!
    for (let i = 0; i < table.features; i++) input[i] = table.values[row * table.features + i]!
    for (const [index, { biases, inputs, outputs, weights }] of layers.entries()) {
      const from = activations[index]!
      const to = activations[index + 1]!
      for (let o = 0; o < outputs; o++) to[o] = biases[o]!
      for (let i = 0; i < inputs; i++) {
        const value = from[i]!
        if (value === 0) continue
        const at = i * outputs
        for (let o = 0; o < outputs; o++) to[o]! += value * weights[at + o]!
      }
      if (index + 1 < layers.length) for (let o = 0; o < outputs; o++) if (to[o]! < 0) to[o] = 0
    }
    errors[layers.length]![0] = table.weights[row]! * (sigmoid(activations[layers.length]![0]!) - table.labels[row]!)
    for (let index = layers.length - 1; index >= 0; index--) {
      const { biasGradients, inputs, outputs, weightGradients, weights } = layers[index]!
      const from = activations[index]!
      const miss = errors[index + 1]!
      const back = errors[index]!
      for (let o = 0; o < outputs; o++) biasGradients[o]! += miss[o]!
      for (let i = 0; i < inputs; i++) {
        const value = from[i]!
        const at = i * outputs
        let sum = 0
        if (value === 0 && index > 0) {
          back[i] = 0
          continue
        }
        for (let o = 0; o < outputs; o++) {
          weightGradients[at + o]! += value * miss[o]!
          sum += weights[at + o]! * miss[o]!
        }
        back[i] = sum
      }
    }
  }
  const step = (rows: number): void => {
    steps++
    const correction = Math.sqrt(1 - beta2 ** steps) / (1 - beta1 ** steps)
    const apply = (
      values: Float32Array,
      gradients: Float64Array,
      [first, second]: readonly [Float64Array, Float64Array],
      decay: number
    ): void => {
      for (let i = 0; i < values.length; i++) {
        const gradient = gradients[i]! / rows
        gradients[i] = 0
        first[i] = beta1 * first[i]! + (1 - beta1) * gradient
        second[i] = beta2 * second[i]! + (1 - beta2) * gradient * gradient
        values[i]! -= options.rate * ((correction * first[i]!) / (Math.sqrt(second[i]!) + epsilon) + decay * values[i]!)
      }
    }
    for (const layer of layers) {
      apply(layer.weights, layer.weightGradients, layer.weightMoments, options.decay)
      apply(layer.biases, layer.biasGradients, layer.biasMoments, 0)
    }
  }

  for (let epoch = 1; epoch <= options.epochs; epoch++) {
    random.shuffle(order)
    for (let from = 0; from < order.length; from += options.batch) {
      const to = Math.min(order.length, from + options.batch)
      for (let i = from; i < to; i++) learn(order[i]!)
      step(to - from)
    }
    if (!onEpoch(epoch)) break
  }
  return { layers: layers.map(({ biases, inputs, outputs, weights }) => ({ inputs, outputs, weights, biases })) }
}

/** The probability of label 1 for the row at `offset`. The plain reference that the kernel is tested against. */
export const predictNetwork = ({ layers }: Network, values: Float64Array, offset = 0): number => {
  let from = values.subarray(offset, offset + layers[0]!.inputs)
  for (const [index, { biases, inputs, outputs, weights }] of layers.entries()) {
    const to = Float64Array.from(biases)
    for (let i = 0; i < inputs; i++) for (let o = 0; o < outputs; o++) to[o]! += from[i]! * weights[i * outputs + o]!
    from = index + 1 < layers.length ? to.map((value) => Math.max(0, value)) : to
  }
  return sigmoid(from[0]!)
}
