/** A fitted tree: `value > threshold` goes to `right`, everything else, missing values too, to the node before it, `right - 1`. */
export interface Tree {
  /** Feature that a node asks for; -1 in a leaf. */
  readonly features: Int16Array
  readonly thresholds: Float64Array
  /** Index of the right child; the left one is just before it. 0 in a leaf. */
  readonly rights: Int32Array
  /** What the node says where a walk ends; inner nodes have theirs too, for explanations. */
  readonly values: Float64Array
}

/** The leaf's index that a row ends in; `values[offset + feature]`. */
export const leafOf = (tree: Tree, values: Float64Array, offset: number): number => {
  let node = 0
  while (tree.features[node]! >= 0) {
    node = values[offset + tree.features[node]!]! > tree.thresholds[node]! ? tree.rights[node]! : tree.rights[node]! - 1
  }
  return node
}

/** The plain reference that the kernel is tested against: the sum of what every tree says. */
export const sumOfTrees = (trees: ReadonlyArray<Tree>, values: Float64Array, offset: number): number => {
  let sum = 0
  for (const tree of trees) sum += tree.values[leafOf(tree, values, offset)]!
  return sum
}
