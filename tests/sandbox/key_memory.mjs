// What the shop remembers of idempotency keys: 24 hours by its own clock. The same key and parameters give the first
// answer again; other parameters, a request still running and a failed first attempt give the three documented errors.

const KEY_LIFE_MS = 24 * 3600 * 1000;

export class KeyMemory {
    constructor(clock) {
        this.clock = clock;
        this.known = new Map();
    }

    // parameters: text that identifies the request's variables. run: () => payload with userErrors.
    run(key, parameters, run) {
        for (const [old, entry] of this.known)
            if (this.clock() - entry.at >= KEY_LIFE_MS)
                this.known.delete(old);
        const entry = this.known.get(key);
        if (!entry)
            return this.first(key, parameters, run);
        if (entry.parameters !== parameters)
            return keyError('IDEMPOTENCY_KEY_PARAMETER_MISMATCH',
                'The same idempotency key cannot be used with different operation parameters.');
        if (entry.running)
            return keyError('IDEMPOTENCY_CONCURRENT_REQUEST', 'This request is currently in progress, please try again.');
        if (entry.payload.userErrors.length)
            return keyError('IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED',
                'A previous request with this idempotency key failed. Retry with a new idempotency key.');
        return entry.payload;
    }

    first(key, parameters, run) {
        const payload = run();
        this.known.set(key, { parameters, payload, at: this.clock(), running: false });
        return payload;
    }

    // A delayed request is "in progress" until its reply has left.
    setRunning(key, running) {
        const entry = this.known.get(key);
        if (entry)
            entry.running = running;
    }
}

function keyError(code, message) {
    return { userErrors: [{ code, message, field: null }] };
}
