/** How wide an element is, for what is counted in stretches of a pixel or two. */
import { useLayoutEffect, useState } from "preact/hooks";
import type { RefObject } from "preact";

/** CSS pixels; 0 before the element is there. */
export function useWidth(element: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const its = element.current!;
    const measure = (): void => setWidth(its.clientWidth);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(its);
    return () => observer.disconnect();
  }, []);
  return width;
}
