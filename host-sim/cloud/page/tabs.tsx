/** Tabs that are places: each is a link with an address of its own, so one can be opened beside, kept and sent. */

import { useEffect, useRef } from "preact/hooks";

export interface Tab {
  readonly href: string;
  readonly label: string;
  readonly isCurrent: boolean;
}

/** @param label what the tabs are of, for who hears the page */
export function Tabs({ label, tabs }: { label: string; tabs: readonly Tab[] }) {
  const strip = useRef<HTMLElement>(null);
  const current = tabs.find(({ isCurrent }) => isCurrent)?.href;
  // Where the tabs are wider than the window, the current one is moved into view.
  useEffect(() => {
    const nav = strip.current!;
    const show = (): void => {
      const tab = nav.querySelector<HTMLElement>("[aria-current]");
      if (tab !== null)
        nav.scrollLeft = tab.offsetLeft - nav.offsetLeft - (nav.clientWidth - tab.offsetWidth) / 2;
    };
    const sizes = new ResizeObserver(show);
    sizes.observe(nav);
    return () => sizes.disconnect();
  }, [current]);
  return (
    <nav class="tabs" ref={strip} aria-label={label}>
      {tabs.map(({ href, label: text, isCurrent }) => (
        <a key={text} href={href} aria-current={isCurrent ? "page" : undefined}>
          {text}
        </a>
      ))}
    </nav>
  );
}
