/** The frame around every place: where one can go, how the page stands to the stand-in, and what is on. */
import { useEffect, useRef } from "preact/hooks";
import { mayOperate, onlyLooks } from "./access";
import { ThemeButton } from "../../page/theme";
import { ConnectionNote, LinkState } from "./connection-note";
import { FaultsBadge } from "./faults-badge";
import { place } from "./route";
import { TokenForm } from "./token-form";
import { connection } from "./connection";
import { CloudPlace } from "./places/cloud";
import { DevicePlace } from "./places/device";
import { FleetPlace } from "./places/fleet";
import { NoPlace } from "./places/no-place";
import { ProductPlace, ProductsPlace } from "./places/product";
import type { Place } from "../addresses";

const wings = [
  { href: "/fleet", label: "Fleet", kinds: ["fleet", "device"] },
  { href: "/products", label: "Products", kinds: ["products", "product"] },
  { href: "/cloud/faults", label: "Cloud", kinds: ["cloud"] },
] as const;

/** The whole page. */
export function App() {
  const at = place.value;
  const isInterrupted = connection.value.state === "interrupted";
  return (
    <>
      <a class="skip" href="#place">
        Skip to the place
      </a>
      <header class="top">
        <a class="brand" href="/fleet">
          EnOS stand-in
        </a>
        <nav aria-label="Places">
          {wings.map(({ href, label, kinds }) => {
            const isHere = at !== undefined && (kinds as readonly string[]).includes(at.kind);
            return (
              <a key={href} href={href} aria-current={isHere ? "page" : undefined}>
                {label}
              </a>
            );
          })}
        </nav>
        <div class="bar push">
          <FaultsBadge />
          {!mayOperate.value && (
            <span class="chip" title={onlyLooks}>
              look only
            </span>
          )}
          <LinkState />
          <ThemeButton />
        </div>
      </header>
      <ConnectionNote />
      {connection.value.state === "refused" ? (
        <TokenForm isWrong={connection.value.isWrong} />
      ) : (
        <main id="place" tabIndex={-1} class={isInterrupted ? "stale" : undefined}>
          <PlaceView at={at} />
        </main>
      )}
    </>
  );
}

function PlaceView({ at }: { at: Place | undefined }) {
  const title = titleOf(at);
  const isFirst = useRef(true);
  useEffect(() => {
    document.title = `${title} · EnOS stand-in`;
    // Who hears the page is taken along to another place; the first one is where the browser begins.
    if (!isFirst.current) document.getElementById("place")?.focus({ preventScroll: true });
    isFirst.current = false;
  }, [title]);
  switch (at?.kind) {
    case "fleet":
      return <FleetPlace />;
    case "device":
      return <DevicePlace key={`${at.productKey}/${at.deviceKey}`} at={at} />;
    case "products":
      return <ProductsPlace />;
    case "product":
      return <ProductPlace key={at.productKey} at={at} />;
    case "cloud":
      return <CloudPlace at={at} />;
    case undefined:
      return <NoPlace />;
  }
}

function titleOf(at: Place | undefined): string {
  switch (at?.kind) {
    case "fleet":
      return "Fleet";
    case "device":
      return `${at.productKey}/${at.deviceKey}`;
    case "products":
      return "Products";
    case "product":
      return at.productKey;
    case "cloud":
      return "Cloud";
    case undefined:
      return "No such place";
  }
}
