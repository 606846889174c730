// Made by `npm run types` from the gateway's /openapi.json: change the contract, not this file.
export interface paths {
    "/actions/v1/stored-actions/{stored_action_id}/run": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Execute a StoredAction
         * @description Executes an action on behalf of a user. The answer does not wait for the action: it has the id
         *     of this run. Its results are read with GET /actions/v1/stored-actions/{stored_action_id}/runs/{run_id}, or sent to
         *     `callback_url`.
         *
         *     **Billing**
         *
         *     Billing users directly for runs is _opt-in_: the JWT has a `billing` claim, a string that holds a JSON object. Its
         *     members override these defaults. With `is_billable` true each successful run is charged to the user at a rate of one
         *     task.
         *
         *     ```json
         *     {
         *         "is_billable": false,
         *         "origin": "actions_api",
         *         "usage_type": "action_run",
         *         "description": "an action was run via Actions API",
         *         "exemption_reason": null,
         *         "exemption_details": null
         *     }
         *     ```
         *
         *     **Rate Limits**
         *
         *     While the feature flag `edge_actions_api_rate_limiting_global` is on, each user may start 200 runs per 5 minutes. The
         *     JWT's `rate_limit` claim sets another limit (1–1000), or none at all.
         *
         *     ```json
         *     {
         *         "exempt": false,
         *         "limit_override": 500
         *     }
         *     ```
         */
        post: operations["createStoredActionRun"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/actions/v1/stored-actions/{stored_action_id}/runs/{run_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read a run of a StoredAction */
        get: operations["getStoredActionRun"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/actions/v1/runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Execute an action once
         * @description Executes an action whose configuration is in the request, and keeps nothing for reuse.
         */
        post: operations["createRun"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/actions/v1/runs/{run_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read a one-off run */
        get: operations["getRun"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/actions/v1/stored-actions/{stored_action_id}/runs/{run_id}/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read how the callback of a run stands */
        get: operations["getStoredActionRunDeliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/actions/v1/stored-actions/{stored_action_id}/runs/{run_id}/deliveries/redeliver": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send the callback of a run again
         * @description Starts the schedule of attempts anew, whether the last one ended well or not.
         */
        post: operations["redeliverStoredActionRun"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/actions/v1/runs/{run_id}/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read how the callback of a run stands */
        get: operations["getRunDeliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/actions/v1/runs/{run_id}/deliveries/redeliver": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send the callback of a run again
         * @description Starts the schedule of attempts anew, whether the last one ended well or not.
         */
        post: operations["redeliverRun"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/callbacks/secret": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read the secret of your callbacks
         * @description With this secret any library for Standard Webhooks or Svix verifies the `v1` of your callbacks. It is yours alone, and changes when the gateway's signing keys do: read it again before then. Not counted.
         */
        get: operations["getCallbackSecret"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/usage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read your own charges
         * @description One row for each successful billable run that was charged from `from` up to, but not including, `to`. `Accept: text/csv` gives the same rows as CSV (RFC 4180, with a header row).
         */
        get: operations["getUsage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/completions/{ref}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Say that a run has ended
         * @description For the upstream, at the URL that it was given as `callback_url`. The body may be the run's result; only its `id` is looked at (with the completion token), plain or in `gzip`, because the gateway reads the result itself.
         */
        post: operations["reportCompletion"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/.well-known/jwks.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Public keys of callback signatures and of tokens sent upstream */
        get: operations["getKeys"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This document */
        get: operations["getContract"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/docs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This document as a page */
        get: operations["getDocs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Does the gateway run? */
        get: operations["getHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Does all that the gateway depends on work? */
        get: operations["getReadiness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        StoredActionsRunRequest: {
            data: components["schemas"]["StoredActionsRunRequestInput"];
        };
        /** @description The shape of a request payload accepted when running a stored action. */
        StoredActionsRunRequestInput: {
            /**
             * Format: uri
             * @description An optional URL that this gateway will POST the results to when the action completes. The POST body will match the same format as the GET /stored-actions/{stored_action_id}/runs/{run_id} response.
             */
            callback_url?: string;
            /**
             * Format: uuid
             * @description A client-provided UUID that identifies this specific request. If the same idempotency_id is used within 72 hours, the second request will be ignored and the original response returned.
             */
            idempotency_id?: string;
            /**
             * @description Object that matches the input the action would normally get. Has all the same keys/types as the `input` of the action. (Formerly known as "needs" in some documentation) Specifically includes more "dynamic" information to execute such as a specific message when triggering an action that sends a Slack DM, for example.
             * @default {}
             */
            inputs: unknown;
            /** @description When using bulk read action types, this denotes the state of the paging utilities. Pass it back into the stored-actions endpoint. */
            page?: string;
        };
        StoredActionsRunResponse: {
            data: components["schemas"]["StoredActionsRunResponseParams"];
        };
        /** @description The data returned after running a stored action */
        StoredActionsRunResponseParams: {
            /**
             * @description Specifies the resource type, as required by the JSON:API specification.
             * @default run
             */
            type: string;
            /**
             * Format: uuid
             * @description The UUID id that identifies this run of the execution and can be used to retrieve the results by polling the GET /stored-actions/{stored_action_id}/runs/{run_id} endpoint.
             */
            id?: string;
        };
        ActionsErrorResponse: {
            /** @description An array of error objects. */
            errors: components["schemas"]["ActionsError"][];
        };
        /** @description Base Error definition */
        ActionsError: {
            /** @description The HTTP status code applicable to this problem. */
            status?: number;
            /** @description A unique identifier for this particular occurrence of the problem. */
            code?: string;
            /** @description A short summary of the problem. */
            title?: string;
            /** @description A human-readable explanation specific to this occurrence of the problem. */
            detail?: string;
            /** @description An object containing references to the primary source of the error. */
            source?: components["schemas"]["ActionsErrorSource"] | null;
            /** @description Any additional metadata about the error. */
            meta?: {
                [key: string]: unknown;
            } | null;
        };
        /** @description Populates the `source` object inside our error responses. */
        ActionsErrorSource: {
            /** @description Pointer to the value in the request document that caused the error e.g. `/actions`. */
            pointer?: string;
            /** @description A string indicating which URI query parameter caused the error. */
            parameter?: string;
            /** @description A string indicating the name of a single request header which caused the error. */
            header?: string;
        };
        OneOffRunRequest: {
            data: components["schemas"]["OneOffRunRequestInput"];
        };
        /** @description The configuration of an action and its inputs, run once and kept nowhere. */
        OneOffRunRequestInput: {
            /**
             * Format: uri
             * @description An optional URL that this gateway will POST the results to when the action completes. The POST body will match the same format as the GET /stored-actions/{stored_action_id}/runs/{run_id} response.
             */
            callback_url?: string;
            /**
             * Format: uuid
             * @description A client-provided UUID that identifies this specific request. If the same idempotency_id is used within 72 hours, the second request will be ignored and the original response returned.
             */
            idempotency_id?: string;
            /**
             * @description Object that matches the input the action would normally get. Has all the same keys/types as the `input` of the action. (Formerly known as "needs" in some documentation) Specifically includes more "dynamic" information to execute such as a specific message when triggering an action that sends a Slack DM, for example.
             * @default {}
             */
            inputs: unknown;
            /** @description When using bulk read action types, this denotes the state of the paging utilities. Pass it back into the stored-actions endpoint. */
            page?: string;
            /** @description The app, and its version, that the action belongs to. */
            selected_api?: unknown;
            /** @description The action's key within the app. */
            action_key?: unknown;
            /** @description The kind of action, such as `write` or `search`. */
            action_type?: unknown;
            /** @description The connection that the action runs with. */
            authentication_id?: unknown;
        };
        /** @description A run as the upstream has it, byte for byte. */
        RunResult: {
            /** @default run */
            type: string;
            /** Format: uuid */
            id: string;
            /** @enum {string} */
            status: "waiting" | "success" | "error";
            /** @description What the action gave back, empty until it has ended. */
            results?: unknown[];
            /** @description The `page` of the next run, if there is more to read. */
            next_page?: string | null;
            /** @description Not empty when `status` is `error`. */
            errors?: components["schemas"]["ActionsError"][];
        };
        OneOffRunResult: {
            data: components["schemas"]["RunResult"];
        };
        /** @description One successful billable run, with the billing context of the token that started it. */
        Charge: {
            run_id: string;
            /** @description Null for a one-off run. */
            stored_action_id: string | null;
            /** Format: date-time */
            charged_at: string;
            tasks: number;
            origin: string;
            usage_type: string;
            description: string;
            exemption_reason: string | null;
            exemption_details: string | null;
        };
        UsagePage: {
            /** @description Oldest first, 100 at most. */
            data: components["schemas"]["Charge"][];
            /** @description The `cursor` of the next page; null on the last one. */
            next_cursor: string | null;
        };
        DeliveryAttempt: {
            /** @description Goes on counting when the run is sent again. */
            number: number;
            /** Format: date-time */
            at: string;
            /** @description The receiver's; null when it did not answer. */
            status: number | null;
            duration_ms: number;
            /** @description What went wrong, in words; null when the receiver acknowledged it. */
            error: string | null;
        };
        /** @description How the callback of a run stands. */
        Delivery: {
            /**
             * @description `waiting`: the run has not ended. `dead`: no attempt is left. `aborted`: the receiver wants no more.
             * @enum {string}
             */
            state: "waiting" | "retrying" | "delivered" | "dead" | "aborted";
            callback_url: string;
            next_attempt_at: string | null;
            /** @description Oldest first, the latest 100 at most. */
            attempts: components["schemas"]["DeliveryAttempt"][];
        };
        DeliveryAnswer: {
            data: components["schemas"]["Delivery"];
        };
        /** @description The secrets of the caller's callbacks. */
        CallbackSecrets: {
            /** @description For `v1` of Standard Webhooks: `whsec_` and the base64 of 32 bytes. */
            secret: string;
            /** @description Each callback is signed with these too. Not empty while the gateway's signing keys are rotated. */
            also_valid: string[];
            /** @constant */
            algorithm: "hmac-sha256";
        };
        CallbackSecretsAnswer: {
            data: components["schemas"]["CallbackSecrets"];
        };
        JsonWebKeySet: {
            keys: {
                kty: string;
                crv: string;
                x: string;
                kid: string;
            }[];
        };
        Health: {
            status: string;
        };
        Readiness: {
            status: string;
            /** @description Each dependency's name and its state. */
            dependencies: {
                [key: string]: string;
            };
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    createStoredActionRun: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                stored_action_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StoredActionsRunRequest"];
            };
        };
        responses: {
            /** @description Acknowledges the request to execute a StoredAction */
            202: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    /** @description Present on the repeated answer to an `idempotency_id` that is already known. */
                    "Idempotency-Replayed"?: "true";
                    /** @description Present on a repeated answer when the first request had another payload. */
                    "Idempotency-Payload-Mismatch"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StoredActionsRunResponse"];
                };
            };
            /** @description Indicates an error executing the request to run a StoredAction. */
            400: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description Who is calling is not known. */
            401: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description `Bearer`, with `error="invalid_token"` when a token was sent, and maybe an `error_description`. */
                    "WWW-Authenticate": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description Payment Required - insufficient tasks on account */
            402: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description Permission denied. Unauthorized request. */
            403: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description There is no such stored action or run. */
            404: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description The `idempotency_id` belongs to a start of another action, which has not been answered. */
            409: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description The body is larger than this gateway takes. */
            413: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description Too many requests. */
            429: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    /** @description Seconds to wait before retrying. */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    /** @description Seconds to wait before retrying. */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
        };
    };
    getStoredActionRun: {
        parameters: {
            query?: {
                wait_seconds?: number;
            };
            header?: never;
            path: {
                stored_action_id: string;
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The run has ended, in success or in error */
            200: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunResult"];
                };
            };
            /** @description The run is still waiting */
            202: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunResult"];
                };
            };
            /** @description An id in the path, or a query parameter, is not what it must be. */
            400: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description Who is calling is not known. */
            401: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description `Bearer`, with `error="invalid_token"` when a token was sent, and maybe an `error_description`. */
                    "WWW-Authenticate": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description Permission denied. Unauthorized request. */
            403: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description There is no such stored action or run. */
            404: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description Too many requests. */
            429: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    /** @description Seconds to wait before retrying. */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    /** @description Seconds to wait before retrying. */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
        };
    };
    createRun: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OneOffRunRequest"];
            };
        };
        responses: {
            /** @description Acknowledges the request to execute an action */
            202: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    /** @description Present on the repeated answer to an `idempotency_id` that is already known. */
                    "Idempotency-Replayed"?: "true";
                    /** @description Present on a repeated answer when the first request had another payload. */
                    "Idempotency-Payload-Mismatch"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StoredActionsRunResponse"];
                };
            };
            /** @description Indicates an error executing the request to run a StoredAction. */
            400: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description Who is calling is not known. */
            401: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description `Bearer`, with `error="invalid_token"` when a token was sent, and maybe an `error_description`. */
                    "WWW-Authenticate": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description Payment Required - insufficient tasks on account */
            402: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description Permission denied. Unauthorized request. */
            403: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description There is no such stored action or run. */
            404: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description The `idempotency_id` belongs to a start of another action, which has not been answered. */
            409: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description The body is larger than this gateway takes. */
            413: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description Too many requests. */
            429: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    /** @description Seconds to wait before retrying. */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    /** @description Seconds to wait before retrying. */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
        };
    };
    getRun: {
        parameters: {
            query?: {
                wait_seconds?: number;
            };
            header?: never;
            path: {
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The run has ended, in success or in error */
            200: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OneOffRunResult"];
                };
            };
            /** @description The run is still waiting */
            202: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OneOffRunResult"];
                };
            };
            /** @description An id in the path, or a query parameter, is not what it must be. */
            400: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description Who is calling is not known. */
            401: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description `Bearer`, with `error="invalid_token"` when a token was sent, and maybe an `error_description`. */
                    "WWW-Authenticate": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description Permission denied. Unauthorized request. */
            403: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description There is no such stored action or run. */
            404: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description Too many requests. */
            429: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    /** @description Seconds to wait before retrying. */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    /** @description Seconds to wait before retrying. */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
        };
    };
    getStoredActionRunDeliveries: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                stored_action_id: string;
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The attempts so far, and the next one */
            200: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeliveryAnswer"];
                };
            };
            /** @description An id in the path is not what it must be. */
            400: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description Who is calling is not known. */
            401: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description `Bearer`, with `error="invalid_token"` when a token was sent, and maybe an `error_description`. */
                    "WWW-Authenticate": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description Permission denied. Unauthorized request. */
            403: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description The run has no callback, or there is no such run. */
            404: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description Too many requests. */
            429: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    /** @description Seconds to wait before retrying. */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    /** @description Seconds to wait before retrying. */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
        };
    };
    redeliverStoredActionRun: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                stored_action_id: string;
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is sent again */
            202: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeliveryAnswer"];
                };
            };
            /** @description An id in the path is not what it must be. */
            400: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description Who is calling is not known. */
            401: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description `Bearer`, with `error="invalid_token"` when a token was sent, and maybe an `error_description`. */
                    "WWW-Authenticate": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description Permission denied. Unauthorized request. */
            403: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description The run has no callback, or there is no such run. */
            404: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description There is nothing to send again yet. */
            409: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description Too many requests. */
            429: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    /** @description Seconds to wait before retrying. */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    /** @description Seconds to wait before retrying. */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
        };
    };
    getRunDeliveries: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The attempts so far, and the next one */
            200: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeliveryAnswer"];
                };
            };
            /** @description An id in the path is not what it must be. */
            400: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description Who is calling is not known. */
            401: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description `Bearer`, with `error="invalid_token"` when a token was sent, and maybe an `error_description`. */
                    "WWW-Authenticate": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description Permission denied. Unauthorized request. */
            403: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description The run has no callback, or there is no such run. */
            404: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description Too many requests. */
            429: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    /** @description Seconds to wait before retrying. */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    /** @description Seconds to wait before retrying. */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
        };
    };
    redeliverRun: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is sent again */
            202: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeliveryAnswer"];
                };
            };
            /** @description An id in the path is not what it must be. */
            400: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description Who is calling is not known. */
            401: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description `Bearer`, with `error="invalid_token"` when a token was sent, and maybe an `error_description`. */
                    "WWW-Authenticate": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description Permission denied. Unauthorized request. */
            403: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description The run has no callback, or there is no such run. */
            404: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description There is nothing to send again yet. */
            409: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description Too many requests. */
            429: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    /** @description Seconds to wait before retrying. */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    /** @description Seconds to wait before retrying. */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
        };
    };
    getCallbackSecret: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Your secrets */
            200: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CallbackSecretsAnswer"];
                };
            };
            /** @description Who is calling is not known. */
            401: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description `Bearer`, with `error="invalid_token"` when a token was sent, and maybe an `error_description`. */
                    "WWW-Authenticate": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description The token lacks the scope, or a claim is malformed. */
            403: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description The gateway is overloaded. */
            503: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Seconds to wait before retrying. */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
        };
    };
    getUsage: {
        parameters: {
            query: {
                from: string;
                to: string;
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of charges */
            200: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    /** @description On a page of CSV that is not the last: the next one, as `<URL>; rel="next"`. */
                    Link?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UsagePage"];
                    "text/csv": string;
                };
            };
            /** @description A query parameter is missing, or not what it must be. */
            400: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description Who is calling is not known. */
            401: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description `Bearer`, with `error="invalid_token"` when a token was sent, and maybe an `error_description`. */
                    "WWW-Authenticate": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description Permission denied. Unauthorized request. */
            403: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description Too many requests. */
            429: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    /** @description Seconds to wait before retrying. */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Effective request cap per 300-second window. Default: 200. Maximum via limit_override: 1000. */
                    "X-RateLimit-Limit"?: number;
                    /** @description Requests remaining in the current window. */
                    "X-RateLimit-Remaining"?: number;
                    /** @description Unix timestamp when the current 300-second window resets. */
                    "X-RateLimit-Reset"?: string;
                    /** @description The policy and its window, as in `"runs";q=200;w=300`. */
                    "RateLimit-Policy"?: string;
                    /** @description What is left of it and the seconds to its reset, as in `"runs";r=199;t=300`. */
                    RateLimit?: string;
                    /** @description Seconds to wait before retrying. */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
        };
    };
    reportCompletion: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ref: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Noted */
            202: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description This gateway made no such ref. */
            404: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description The end of the run could not be noted. */
            503: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    /** @description Seconds to wait before retrying. */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
        };
    };
    getKeys: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JsonWebKeySet"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
        };
    };
    getContract: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
        };
    };
    getDocs: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page */
            200: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
        };
    };
    getHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
        };
    };
    getReadiness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Readiness"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActionsErrorResponse"];
                };
            };
            /** @description Something is down */
            503: {
                headers: {
                    /** @description Names this request in our logs; an error's `meta.request_id` is the same. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Readiness"];
                };
            };
        };
    };
}
