/**
 * Whatever a page shows passes through here: text from outside is put in as text, with the characters that steer or
 * hide text escaped (../../model/escaped.ts). It is a hook on the making of elements, so no place can forget it.
 *
 * A signal must not stand as a child of an element: it would write its text past this hook. Its `.value` may.
 */
import { options } from "preact";
import type { VNode } from "preact";
import { escapedLines } from "../../model/escaped";

/** Attributes that people read. What a field holds stays as it is, for it is sent back. */
const shown = ["title", "aria-label", "aria-description", "aria-valuetext", "alt", "placeholder"] as const;

/** Installs the hook; a page imports this before it makes its first element. */
export function escapeText(): void {
  const before = options.vnode;
  options.vnode = (vnode: VNode): void => {
    if (typeof vnode.type === "string") escapeProps(vnode.type, vnode.props as Record<string, unknown>);
    before?.(vnode);
  };
}

function escapeProps(tag: string, props: Record<string, unknown>): void {
  if (tag !== "textarea") props.children = escapedChild(props.children);
  for (const name of shown) {
    const value = props[name];
    if (typeof value === "string") props[name] = escapedLines(value);
  }
  if ("dangerouslySetInnerHTML" in props) throw new Error(`<${tag}>: markup is not put into a page`);
}

function escapedChild(child: unknown): unknown {
  if (typeof child === "string") return escapedLines(child);
  return Array.isArray(child) ? child.map(escapedChild) : child;
}
