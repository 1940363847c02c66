// Generated from the server's OpenAPI document by `npm run types`: not to be edited.
export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * TaskPage
         * @description Some of one's tasks, the newest first.
         */
        TaskPage: {
            /** Items */
            items: components["schemas"]["Task"][];
            /** Total */
            total: number;
            /** Limit */
            limit: number;
            /** Offset */
            offset: number;
        };
        /**
         * Task
         * @description A task.
         */
        Task: {
            /** Id */
            id: number;
            /** Title */
            title: string;
            /** Notes */
            notes: string;
            /** Done */
            done: boolean;
            /** Createdat */
            createdAt: string;
        };
        /** HTTPValidationError */
        HTTPValidationError: {
            /** Detail */
            detail?: components["schemas"]["ValidationError"][];
        };
        /** ValidationError */
        ValidationError: {
            /** Location */
            loc: (string | number)[];
            /** Message */
            msg: string;
            /** Error Type */
            type: string;
            /** Input */
            input?: unknown;
            /** Context */
            ctx?: Record<string, never>;
        };
        /**
         * TaskInput
         * @description A task as its owner writes it.
         */
        TaskInput: {
            /** Title */
            title: string;
            /**
             * Notes
             * @default
             */
            notes?: string;
            /**
             * Done
             * @default false
             */
            done?: boolean;
        };
        /**
         * TaskChanges
         * @description What of a task is to change; the rest stays.
         */
        TaskChanges: {
            /**
             * Title
             * @default
             */
            title?: string;
            /**
             * Notes
             * @default
             */
            notes?: string;
            /**
             * Done
             * @default false
             */
            done?: boolean;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
