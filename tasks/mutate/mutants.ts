/**
 * Small defects, made by rule: each mutant is a source file with one thing in it changed as a tired
 * hand might change it.
 *
 * What can't matter by its form is left out, by these rules and no others:
 * - types, comments and imports are not code;
 * - texts for the log (the property `why`) decide nothing;
 * - of moments and durations (names in `Ms`) only the negation of a comparison is tried, and no
 *   change of a first value by 1: at the very millisecond nothing has to be this way or that;
 * - a bare `null` becomes 0 only where a number may stand (names in `Ms`), elsewhere the type checker
 *   would refuse it;
 * - of two changes that come to the same (`!(a < b)` and `a >= b`; a last `return`), one is kept.
 *
 * @module
 */

import ts from "typescript";

export interface Mutant {
  readonly file: string;
  readonly line: number;
  /** What was done, in a word or two. */
  readonly how: string;
  /** The lines that it changed, before and after, without their indentation. */
  readonly before: string;
  readonly after: string;
  /** The whole file, and as it was. */
  readonly text: string;
  readonly original: string;
}

const K = ts.SyntaxKind;

/** The opposite of each comparison. */
const NEGATED = new Map<ts.SyntaxKind, string>([
  [K.EqualsEqualsEqualsToken, "!=="],
  [K.ExclamationEqualsEqualsToken, "==="],
  [K.LessThanToken, ">="],
  [K.LessThanEqualsToken, ">"],
  [K.GreaterThanToken, "<="],
  [K.GreaterThanEqualsToken, "<"],
]);
/** The same comparison, off by one. */
const SHIFTED = new Map<ts.SyntaxKind, string>([
  [K.LessThanToken, "<="],
  [K.LessThanEqualsToken, "<"],
  [K.GreaterThanToken, ">="],
  [K.GreaterThanEqualsToken, ">"],
]);
const LOGICAL = new Map<ts.SyntaxKind, string>([
  [K.AmpersandAmpersandToken, "||"],
  [K.BarBarToken, "&&"],
]);

const isTime = (name: string) => /(Ms|_MS)\b/.test(name);

/** All mutants of a file, in the order of its lines. */
export function mutantsOf(file: string, text: string): Mutant[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: Mutant[] = [];
  const add = (node: ts.Node, how: string, replacement: string) => {
    const start = node.getStart(source), end = node.getEnd();
    const first = text.lastIndexOf("\n", start) + 1;
    const newline = text.indexOf("\n", end);
    const last = newline < 0 ? text.length : newline;
    const line = source.getLineAndCharacterOfPosition(start).line + 1;
    const flat = (piece: string) => piece.trim().replace(/\s*\n\s*/g, " ");
    found.push({
      file,
      line,
      how,
      before: flat(text.slice(first, last)),
      after: flat(text.slice(first, start) + replacement + text.slice(end, last)),
      text: text.slice(0, start) + replacement + text.slice(end),
      original: text,
    });
  };
  const visit = (node: ts.Node) => {
    if (ts.isTypeNode(node) || ts.isImportDeclaration(node)) return;
    if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return;
    if (ts.isPropertyAssignment(node) && node.name.getText(source) === "why") return;
    mutate(node, source, add);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

type Add = (node: ts.Node, how: string, replacement: string) => void;

function mutate(node: ts.Node, source: ts.SourceFile, add: Add): void {
  if (ts.isIfStatement(node)) return flip(node.expression, source, add);
  if (ts.isConditionalExpression(node)) return flip(node.condition, source, add);
  if (ts.isBinaryExpression(node)) return binary(node, source, add);
  if (ts.isExpressionStatement(node)) return add(node, "statement dropped", ";");
  if (ts.isReturnStatement(node)) return dropReturn(node, source, add);
  if (ts.isNumericLiteral(node)) return numeric(node, source, add);
  if (ts.isPrefixUnaryExpression(node) && node.operator === K.ExclamationToken) {
    return add(node, "negation dropped", node.operand.getText(source));
  }
  if (node.kind === K.TrueKeyword) return add(node, "true to false", "false");
  if (node.kind === K.FalseKeyword) return add(node, "false to true", "true");
  if (node.kind === K.NullKeyword && isTimesValue(node, source)) return add(node, "null to 0", "0");
  if (ts.isPropertyAccessExpression(node) && node.expression.getText(source) === "Math") {
    const other = { max: "Math.min", min: "Math.max" }[node.name.text];
    if (other) add(node, "max and min swapped", other);
  }
}

/** A condition, unless its own operator is turned round anyway. */
function flip(condition: ts.Expression, source: ts.SourceFile, add: Add): void {
  if (ts.isBinaryExpression(condition) && NEGATED.has(condition.operatorToken.kind)) return;
  if (ts.isPrefixUnaryExpression(condition)) return;
  add(condition, "condition flipped", `!(${condition.getText(source)})`);
}

function binary(node: ts.BinaryExpression, source: ts.SourceFile, add: Add): void {
  const { operatorToken: operator } = node;
  const logical = LOGICAL.get(operator.kind);
  if (logical) add(operator, "and and or swapped", logical);
  const negated = NEGATED.get(operator.kind);
  if (negated) add(operator, "comparison negated", negated);
  const shifted = SHIFTED.get(operator.kind);
  if (shifted && !isTime(node.getText(source))) add(operator, "comparison off by one", shifted);
  if (operator.kind === K.QuestionQuestionEqualsToken) add(operator, "?? dropped", "=");
  if (operator.kind === K.QuestionQuestionToken) {
    add(node, "?? dropped", node.right.getText(source));
  }
}

/** What was returned is still evaluated; what comes after is done as well. */
function dropReturn(node: ts.ReturnStatement, source: ts.SourceFile, add: Add): void {
  const body = node.parent;
  const isLast = ts.isBlock(body) && body.statements.at(-1) === node &&
    !ts.isIfStatement(body.parent);
  if (isLast && !returnsValue(body.parent)) return;
  add(node, "return dropped", node.expression ? `${node.expression.getText(source)};` : ";");
}

function returnsValue(node: ts.Node): boolean {
  return ts.isFunctionLike(node) && node.type !== undefined && node.type.kind !== K.VoidKeyword;
}

/** A constant becomes far too long or nothing; a small number in the code is off by one. */
function numeric(node: ts.NumericLiteral, source: ts.SourceFile, add: Add): void {
  const value = Number(node.text.replaceAll("_", ""));
  const { parent } = node;
  if (ts.isElementAccessExpression(parent)) return;
  if (value === 0) {
    const named = ts.isPropertyAssignment(parent) || ts.isParameter(parent) ? parent.name : null;
    const assigned = ts.isBinaryExpression(parent) ? parent.left : null;
    if (isTime((named ?? assigned)?.getText(source) ?? "")) return;
    return add(node, "0 to 1", "1");
  }
  add(node, "number to 0", "0");
  if (value > 1) add(node, "number times 100", String(value * 100));
}

/** `null` as the value of something that is a time. What is assigned by a statement is dropped there. */
function isTimesValue(node: ts.Node, source: ts.SourceFile): boolean {
  let at = node.parent;
  while (ts.isConditionalExpression(at) || ts.isParenthesizedExpression(at)) at = at.parent;
  return ts.isPropertyAssignment(at) && isTime(at.name.getText(source));
}
