/** Draws the report of a run from the data that the page holds. */
import { render } from "preact";
import { reasonOf } from "../../../../../firmware/text/reason";
import { escapeText } from "../../../../cloud/page/escape-text";
import { beginTheme } from "../../../../cloud/page/theme";
import { beginAddress } from "./address";
import { Report } from "./report";
import { unpack } from "./unpack";
import "../../../../cloud/page/tokens.css";
import "../../../../cloud/page/parts.css";
import "./report.css";

escapeText();
beginTheme();
beginAddress();
const place = document.getElementById("app")!;
unpack(document.getElementById("run-data")!.textContent)
  .then((run) => render(<Report run={run} />, place))
  .catch((error: unknown) => {
    render(
      <p class="note bad-note">{`This report cannot be shown: ${reasonOf(error, String(error))}`}</p>,
      place,
    );
  });
