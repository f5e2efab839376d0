/** Small words for the DOM. Text goes in as text, never as markup. */
import { escapedLines } from "../../../model/escaped";

/** The element of that id, which index.html has. */
export function byId<T extends HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

/** A new element with attributes and children. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.map((child) => (typeof child === "string" ? escapedLines(child) : child)));
  return element;
}

/** Puts text into an element, in place of what is there. */
export function say(element: HTMLElement, text: string): void {
  element.textContent = escapedLines(text);
}

/** How long ago, for people. */
export function ago(at: number | undefined): string {
  if (at === undefined) return "never";
  const seconds = Math.max(0, Math.round((Date.now() - at) / 1_000));
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3_600) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h ago`;
  return new Date(at).toLocaleDateString();
}
