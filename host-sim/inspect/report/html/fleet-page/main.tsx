/** Draws the report of a fleet from the data that the page holds. */
import { render } from "preact";
import { reasonOf } from "../../../../../firmware/text/reason";
import { escapeText } from "../../../../cloud/page/escape-text";
import { beginTheme } from "../../../../cloud/page/theme";
import { unpackAny } from "../page/unpack";
import { FleetPage } from "./fleet-page";
import type { FleetData } from "../fleet-data";
import "../../../../cloud/page/tokens.css";
import "../../../../cloud/page/parts.css";
import "./fleet-page.css";

escapeText();
beginTheme();
const place = document.getElementById("app")!;
unpackAny(document.getElementById("run-data")!.textContent)
  .then(({ data }) => render(<FleetPage data={data as FleetData} />, place))
  .catch((error: unknown) => {
    render(
      <p class="note bad-note">{`This report cannot be shown: ${reasonOf(error, String(error))}`}</p>,
      place,
    );
  });
