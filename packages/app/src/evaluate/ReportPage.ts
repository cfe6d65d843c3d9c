/** stub */
import type { Evaluation } from "./Evaluate.ts"
import type { Summary } from "./Summary.ts"
export const reportPage = (_evaluation: Evaluation, _summary: Summary): string => ""
