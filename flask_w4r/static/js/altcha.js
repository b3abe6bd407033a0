/* Solves an ALTCHA v2 challenge in workers and returns the payload the server checks. */

const WORKER = new URL("../vendor/altcha/pbkdf2.js" + new URL(import.meta.url).search, import.meta.url);
const ALGORITHM = /^PBKDF2\/SHA-(256|384|512)$/;

/** Half of the cores, so that typing stays smooth; at most four. */
export function workerCount(cores = navigator.hardwareConcurrency || 2) {
  return Math.min(4, Math.max(1, Math.floor(cores / 2)));
}

/** Whether this browser, on this page, can solve at all: WebCrypto is away on plain http. */
export function canSolve(challenge) {
  return Boolean(
    globalThis.crypto?.subtle && globalThis.Worker && ALGORITHM.test(challenge?.parameters?.algorithm ?? ""),
  );
}

function encode(value) {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  return btoa(String.fromCharCode(...bytes));
}

/**
 * Find the counter that the challenge asks for.
 * @param {{parameters: object, signature: string}} challenge as the server made it
 * @param {{signal?: AbortSignal, workers?: number, timeout?: number}} options
 * @returns {Promise<string|null>} base64 of {challenge, solution}; null when it cannot be solved here
 */
export async function solve(challenge, { signal, workers = workerCount(), timeout = 60_000 } = {}) {
  if (!canSolve(challenge) || signal?.aborted) return null;
  const team = [];
  try {
    const solution = await new Promise((resolve, reject) => {
      signal?.addEventListener("abort", () => resolve(null), { once: true });
      for (let index = 0; index < workers; index += 1) {
        const worker = new Worker(WORKER);
        team.push(worker);
        worker.addEventListener("error", reject);
        worker.addEventListener("message", ({ data }) => {
          if (data?.error) reject(data.error);
          else resolve(data);
        });
        worker.postMessage({ type: "work", challenge, counterStart: index, counterStep: workers, timeout });
      }
    });
    return solution && encode({ challenge, solution });
  } catch {
    return null;
  } finally {
    for (const worker of team) worker.terminate();
  }
}
