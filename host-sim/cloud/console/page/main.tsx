/** The console: draws what the stand-in knows, and follows what happens. */
import { render } from "preact";
import { escapeText } from "../../page/escape-text";
import { beginTheme } from "../../page/theme";
import { beginAccess } from "./access";
import { App } from "./app";
import { beginConnection } from "./connection";
import { beginRoute } from "./route";
import "../../page/tokens.css";
import "../../page/parts.css";
import "./console.css";

escapeText();
beginTheme();
beginRoute();
beginConnection();
beginAccess();
render(<App />, document.getElementById("app")!);
