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
export abstract class AsyncItems<T> implements AsyncIterableIterator<T, undefined> {
  readonly #source: Source<unknown>;
  readonly #face: (item: never) => T | undefined;
  readonly #reading: Reading;
  readonly #forget: () => void;
  #ready: unknown[] = [];
  #at = 0;
  #turn: Promise<unknown> | undefined;
  #isOver = false;

  /**
   * @param face What an item becomes; undefined for one that is told elsewhere.
   * @internal
   */
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

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#turn === undefined) {
      const ready = this.#take();
      if (ready !== undefined) return Promise.resolve({ done: false, value: ready });
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
    for (;;) {
      const ready = this.#take();
      if (ready !== undefined) return { done: false, value: ready };
      if (this.#isOver) return { done: true, value: undefined };
      try {
        this.#ready = await this.#reading.watch.run((abort) => this.#source.next(abort));
        // What the signal closed has an end too, which is not the list's.
        if (this.#ready.length === 0) this.#reading.signal?.throwIfAborted();
      } catch (error) {
        this.close();
        throw error;
      }
      this.#at = 0;
      if (this.#ready.length === 0) this.close();
    }
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
