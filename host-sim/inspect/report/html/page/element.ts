/** Elements, made from code: texts are set as texts, never as markup. */

export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

export function make<K extends keyof HTMLElementTagNameMap>(
  name: K,
  properties: { class?: string; text?: string } = {},
  children: readonly Node[] = [],
): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  if (properties.class !== undefined) element.className = properties.class;
  if (properties.text !== undefined) element.textContent = properties.text;
  element.append(...children);
  return element;
}

/** Fills a table: the first row is its head; a cell may be a node. */
export function fillTable(table: HTMLElement, rows: readonly (readonly (string | Node)[])[]): void {
  const cell = (name: "th" | "td") => (content: string | Node) => {
    const made = make(name);
    made.append(content);
    return made;
  };
  const [head, ...body] = rows;
  table.replaceChildren(
    make("thead", {}, [make("tr", {}, head.map(cell("th")))]),
    make(
      "tbody",
      {},
      body.map((row) => make("tr", {}, row.map(cell("td")))),
    ),
  );
}

/** A text behind a square of a colour of the style sheet. */
export function keyed(text: string, colour: string): HTMLElement {
  const swatch = make("span", { class: "swatch" });
  swatch.style.background = `var(${colour})`;
  return make("span", { class: "named" }, [swatch, document.createTextNode(text)]);
}
