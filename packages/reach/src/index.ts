/** Who reaches whom, and why: read from the same host states that `render` turns into the kernel's words. */

export type { Cloud, Condition, Listener, Place, Words } from './cloud.js';
export { CloudIndex, type Located } from './cloud-index.js';
export { type CloudParts, cloudOf, makeCloud } from './cloud-of.js';
export { explain } from './explain.js';
export { type DropFinding, explainDrop } from './explain-drop.js';
export type {
  Answer,
  Blocker,
  BlockerCode,
  EndFacts,
  Explanation,
  FlowFacts,
  Opening,
  OpeningRule,
  Passage,
  Step,
  StepKind,
  Warning,
  Way,
} from './explanation.js';
export { formatExplanation, type Paint } from './format-explanation.js';
export { formatMatrix } from './format-matrix.js';
export { connectivityMatrix, type Matrix, type MatrixCell, type MatrixLabel, type MatrixQuestion } from './matrix.js';
export { matrixSvg } from './matrix-svg.js';
export { packetText } from './packet-text.js';
export { type Absence, ASSUMED_CLIENT_PORT, type End, payloadText, protocolName, type Question } from './question.js';
export { formatTrace, type ShownTrace } from './trace/format-trace.js';
export {
  type HostTrace,
  hostsConcerned,
  judgeTrace,
  type TraceFinding,
  type TraceJudgement,
  type TraceVerdictWord,
} from './trace/judge-trace.js';
