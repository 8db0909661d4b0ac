// The graphics card draws the terminal that has the focus, and no other: a page gets few contexts, and loses the oldest.

/** What draws in place of the terminal's own way of drawing, until it is disposed. */
export interface FastRenderer {
  onContextLoss(listener: () => void): unknown;
  dispose(): void;
}

/** Throws where there is no graphics card to be had. */
export type StartFastRenderer<Screen> = (screen: Screen) => FastRenderer;

export class FocusedRenderer<Screen extends object> {
  readonly #start: StartFastRenderer<Screen>;
  #held: { readonly screen: Screen; readonly renderer: FastRenderer } | undefined;
  /** The way to it was refused, or taken away: the plain one goes on without a word. */
  #isUnavailable = false;
  readonly #lost = new WeakSet<Screen>();

  constructor(start: StartFastRenderer<Screen>) {
    this.#start = start;
  }

  focused(screen: Screen): void {
    if (this.#held?.screen === screen || this.#isUnavailable) return;
    this.#letGo();
    // One whose context was lost once may lose it at each turn.
    if (this.#lost.has(screen)) return;
    try {
      const renderer = this.#start(screen);
      this.#held = { screen, renderer };
      renderer.onContextLoss(() => {
        this.#lost.add(screen);
        if (this.#held?.renderer === renderer) this.#letGo();
      });
    } catch {
      // No WebGL 2 here, for any of them: nothing is missing but speed.
      this.#isUnavailable = true;
    }
  }

  gone(screen: Screen): void {
    if (this.#held?.screen === screen) this.#letGo();
  }

  #letGo(): void {
    this.#held?.renderer.dispose();
    this.#held = undefined;
  }
}
