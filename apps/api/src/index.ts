export { type ApiApp, type ApiOptions, buildApiApp } from "./app.ts";
