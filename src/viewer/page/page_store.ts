import type { HeadKind } from "../../core/head_kind.ts";
import type { Batch, ProcessUse, Watching } from "../wire.ts";
import { CameraStore } from "./camera_store.ts";
import { Connection, type Link } from "./connection.ts";

/** How the overlay is drawn. */
export interface OverlaySettings {
  readonly opacity: number;
  readonly sound: boolean;
  readonly speech: boolean;
  readonly zones: boolean;
}

/** The state of the whole page. Views that show text listen; canvases read it for each frame. */
export class PageStore {
  readonly cameras = new Map<string, CameraStore>();
  link: Link = "connecting";
  version = "";
  process: ProcessUse | undefined;
  /** The camera that is shown alone; undefined in the overview. */
  selected: string | undefined;
  overlay: OverlaySettings = { opacity: 0.85, sound: true, speech: true, zones: true };
  /** The event or near miss whose detail is open. */
  openEvent: { readonly camera: string; readonly id: string } | undefined;
  editingZones = false;
  readonly connection: Connection;
  readonly #listeners = new Set<() => void>();
  #session: string | undefined;
  #pending = false;

  constructor() {
    this.connection = new Connection((batch) => this.#take(batch), (link) => {
      this.link = link;
      this.changed();
    });
    document.addEventListener("visibilitychange", () => this.watch());
  }

  /** The camera that is shown alone. */
  get camera(): CameraStore | undefined {
    return this.selected === undefined ? undefined : this.cameras.get(this.selected);
  }

  /** Calls a function after changes, at most once a tenth of a second; gives the function that ends it. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Calls the listeners soon: something has changed. */
  readonly changed = (): void => {
    if (this.#pending) return;
    this.#pending = true;
    setTimeout(() => {
      this.#pending = false;
      for (const listener of this.#listeners) listener();
    }, 100);
  };

  /** Calls the listeners at once: the user has done something. */
  now(): void {
    for (const listener of this.#listeners) listener();
  }

  /** Shows one camera, or the overview. */
  select(name: string | undefined): void {
    this.selected = name;
    this.editingZones = false;
    this.watch();
    this.now();
  }

  /** Switches a head of the overlay. */
  toggleHead(kind: HeadKind): void {
    this.setOverlay({ [kind]: !this.overlay[kind] });
  }

  /** Changes how the overlay is drawn. */
  setOverlay(change: Partial<OverlaySettings>): void {
    this.overlay = { ...this.overlay, ...change };
    this.now();
  }

  /** Sends the server how much of each camera is shown. */
  watch(): void {
    const watching = (name: string): Watching => {
      if (name === this.selected) return document.hidden ? "hidden" : "full";
      return this.selected === undefined && !document.hidden ? "preview" : "background";
    };
    const names = [...this.cameras.keys()];
    this.connection.watch(Object.fromEntries(names.map((name) => [name, watching(name)])));
  }

  #take({ hello, process, items }: Batch): void {
    if (hello) {
      const restarted = this.#session !== undefined && this.#session !== hello.session;
      this.#session = hello.session;
      this.version = hello.version;
      for (const name of this.cameras.keys()) {
        if (!hello.pipelines.includes(name)) this.cameras.delete(name);
      }
      for (const name of hello.pipelines) {
        const camera = this.cameras.get(name);
        if (camera === undefined) this.cameras.set(name, new CameraStore(name, this.changed));
        else if (restarted) camera.restart();
      }
      if (hello.pipelines.length === 1) this.selected = hello.pipelines[0];
      else if (this.selected !== undefined && !this.cameras.has(this.selected)) {
        this.selected = undefined;
      }
      this.watch();
    }
    if (process) this.process = process;
    for (const item of items) this.cameras.get(item.pipeline)?.take(item);
    this.changed();
  }
}
