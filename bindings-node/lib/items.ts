/**
 * Lists that are fetched while they are read.
 *
 * @module
 */

import type { Abort } from '#native';

import { ICloudError } from './errors.js';
import { closing } from './run.js';
import type { Watch } from './run.js';

/**
 * What the native half gives a batch at a time; an empty one is the end.
 *
 * @internal
 */
export interface Source<N> {
  next(abort?: Abort): Promise<N[]>;
  close(): void;
}

/** @internal */
export interface Reading {
  readonly watch: Watch;
  readonly signal?: AbortSignal | undefined;
  /** What is closed early, to follow "the": `listing`. */
  readonly what: string;
}

/** Items that are fetched while they are read. They can be read once; leaving the loop ends the fetching. */
export abstract class AsyncItems<T> implements AsyncIterableIterator<T> {
  readonly #source: Source<unknown>;
  readonly #face: (item: never) => T | undefined;
  readonly #reading: Reading;
  readonly #forget: () => void;
  #ready: unknown[] = [];
  #at = 0;
  #turn: Promise<unknown> | undefined;
  #isOver = false;

  /** Only the package makes them. */
  protected constructor(...made: [never, never, never]);
  /**
   * @param face What an item becomes; undefined for one that is told elsewhere.
   * @internal
   */
  protected constructor(source: Source<unknown>, face: (item: never) => T | undefined, reading: Reading);
  protected constructor(source: Source<unknown>, face: (item: never) => T | undefined, reading: Reading) {
    this.#source = source;
    this.#face = face;
    this.#reading = reading;
    this.#forget = closing(source, reading.signal);
  }

  /** @internal */
  static from<T>(source: Source<unknown>, face: (item: never) => T | undefined, reading: Reading): AsyncItems<T> {
    return new Fetched(source, face, reading);
  }

  /**
   * Forgets about the signal, for what was to be read went elsewhere.
   *
   * @internal
   */
  static letGo(items: AsyncItems<unknown>): void {
    items.#forget();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#turn === undefined && this.#reading.signal?.aborted !== true) {
      try {
        const ready = this.#take();
        if (ready !== undefined) return Promise.resolve({ done: false, value: ready });
      } catch (error) {
        this.close();
        return Promise.reject(error);
      }
    }
    const next = (this.#turn ?? Promise.resolve()).then(() => this.#next());
    const turn: Promise<unknown> = next.then(
      () => this.#ended(turn),
      () => this.#ended(turn),
    );
    this.#turn = turn;
    return next;
  }

  #ended(turn: Promise<unknown>): void {
    if (this.#turn === turn) this.#turn = undefined;
  }

  async #next(): Promise<IteratorResult<T, undefined>> {
    const { watch, signal } = this.#reading;
    try {
      while (!this.#isOver) {
        // What is there already is not handed out either.
        signal?.throwIfAborted();
        const ready = this.#take();
        if (ready !== undefined) return { done: false, value: ready };
        // Whoever is told of an item may close the list.
        if (this.#isOver) break;
        [this.#ready, this.#at] = [await watch.run((abort) => this.#source.next(abort)), 0];
        // What the signal closed has an end too, which is not the list's.
        if (this.#ready.length === 0) signal?.throwIfAborted();
        if (this.#ready.length === 0) this.close();
      }
    } catch (error) {
      this.close();
      throw error;
    }
    return { done: true, value: undefined };
  }

  /** The next item that is there already. */
  #take(): T | undefined {
    while (this.#at < this.#ready.length) {
      const item = this.#ready[this.#at];
      this.#at += 1;
      const faced = this.#face(item as never);
      if (faced !== undefined) return faced;
    }
    return undefined;
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    this.close();
    return { done: true, value: undefined };
  }

  async throw(error?: unknown): Promise<IteratorResult<T, undefined>> {
    this.close();
    throw error;
  }

  /** Ends the fetching; nothing comes after it. */
  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    [this.#ready, this.#at] = [[], 0];
    this.#reading.watch.end(new ICloudError('cancelled', `the ${this.#reading.what} was closed`));
    this.#forget();
    this.#source.close();
  }
}

/** Made by {@link AsyncItems.from} alone. */
class Fetched<T> extends AsyncItems<T> {}
