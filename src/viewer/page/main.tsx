/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { render } from "preact";
import { App } from "./app.tsx";
import { PageStore } from "./page_store.ts";
import "./style.css";
import { applyTheme, themeOf } from "./theme.ts";

applyTheme(themeOf());
render(<App store={new PageStore()} />, document.getElementById("app")!);
