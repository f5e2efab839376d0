/**
 * Has each function of a bundle read XS's meter where it begins and where it ends, so that steps can be told apart by
 * room, module and function. A function's name comes from the source: `LineFramer.receive`, or the function around
 * it for one without a name; its module from the comment that esbuild puts in front of each.
 *
 *   function f(a) { return a + 1; }   becomes   function f(a) { __in(7); try { return a + 1; } finally { __out(); } }
 */
import { parse } from "acorn";
import type { AnyNode, Function as FunctionNode, Node } from "acorn";

/** A function of a bundle, at the index that its calls of the meter carry. */
interface ProfiledFunction {
  /** Path of its module, such as `firmware/modem/at/framer.ts`. */
  readonly module: string;
  readonly name: string;
}

/** A bundle whose functions read the meter. */
interface Instrumented {
  readonly source: string;
  readonly functions: readonly ProfiledFunction[];
}

/** A function that has to be changed, with where it stands. */
interface Found extends ProfiledFunction {
  readonly node: FunctionNode;
}

/**
 * Instruments. Generators and async functions are left as they are: the firmware has none.
 *
 * @param source a bundle of esbuild's, its comments left in
 */
export function instrument(source: string): Instrumented {
  const tree = parse(source, { ecmaVersion: 2022 });
  const found: Found[] = [];
  const modules = [...source.matchAll(/^ *\/\/ ((?:firmware|host-sim)\/\S+)$/gm)].map((match) => ({
    start: match.index,
    path: match[1],
  }));
  const moduleAt = (offset: number): string => {
    let low = 0;
    let high = modules.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (modules[middle].start <= offset) low = middle + 1;
      else high = middle;
    }
    return modules[low - 1]?.path ?? "";
  };
  visit(tree as AnyNode, { name: "", className: "" }, (node, name) => {
    if (node.generator || node.async) return;
    found.push({ node, name, module: moduleAt(node.start) });
  });

  const inserts: { readonly at: number; readonly text: string }[] = [];
  found.forEach(({ node }, index) => {
    const { body } = node;
    if (body.type === "BlockStatement") {
      inserts.push({ at: body.start + 1, text: `__in(${index}); try {` });
      inserts.push({ at: body.end - 1, text: "} finally { __out(); }" });
      return;
    }
    // An arrow's expression may stand in parentheses, which are no part of the node.
    const arrow = source.lastIndexOf("=>", body.start) + 2;
    inserts.push({ at: arrow, text: ` { __in(${index}); try { return (` });
    inserts.push({ at: node.end, text: "); } finally { __out(); } }" });
  });
  inserts.sort((a, b) => a.at - b.at);
  const pieces: string[] = [];
  let from = 0;
  for (const { at, text } of inserts) {
    pieces.push(source.slice(from, at), text);
    from = at;
  }
  pieces.push(source.slice(from));
  return { source: pieces.join(""), functions: found.map(({ module, name }) => ({ module, name })) };
}

/** What a node stands in. */
interface Scope {
  /** Name of the function around it, or what it is assigned to. */
  readonly name: string;
  readonly className: string;
}

/** Calls `each` for every function under `node`, the outer before the inner. */
function visit(node: AnyNode, scope: Scope, each: (node: FunctionNode, name: string) => void): void {
  let inner = scope;
  switch (node.type) {
    case "ClassDeclaration":
    case "ClassExpression":
      inner = { name: scope.name, className: node.id?.name ?? scope.name };
      break;
    case "MethodDefinition":
    case "PropertyDefinition":
    case "Property":
      if ("name" in node.key) {
        const owner = scope.className === "" ? scope.name : scope.className;
        inner = { name: owner === "" ? node.key.name : `${owner}.${node.key.name}`, className: "" };
      }
      break;
    case "VariableDeclarator":
      if (node.id.type === "Identifier") inner = { name: node.id.name, className: "" };
      break;
    case "AssignmentExpression":
      if (node.left.type === "Identifier") inner = { name: node.left.name, className: "" };
      break;
    case "FunctionDeclaration":
    case "FunctionExpression":
    case "ArrowFunctionExpression": {
      const name = node.id?.name ?? scope.name;
      each(node, name);
      inner = { name: `${name} >`, className: "" };
      break;
    }
    default:
  }
  for (const child of Object.values(node) as unknown[]) {
    for (const one of Array.isArray(child) ? child : [child]) {
      if (isNode(one)) visit(one, inner, each);
    }
  }
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === "object" && value !== null && typeof (value as Node).type === "string";
}
