// Generated from the server's OpenAPI document by `npm run types`: not to be edited.
export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * SignUp
         * @description A new person who is signed in at once.
         */
        SignUp: {
            /**
             * Format: email
             * @description Email address of the user
             */
            email: string;
            /** @description Password of the user */
            password: string;
            /** @description Name of the user */
            name?: string | null;
            /** @description Keep the refresh token in a cookie that no script can read */
            use_cookie?: boolean;
        } & {
            [key: string]: unknown;
        };
        /**
         * TokenPair
         * @description An access token, the refresh token for the next one unless a cookie holds it, and their user.
         */
        TokenPair: {
            access_token: string;
            refresh_token?: string;
            token_type?: string;
            expires_in: number;
            user: components["schemas"]["TokenUser"];
            user_id?: string;
            email?: string;
        };
        /**
         * TokenUser
         * @description The user of a token.
         */
        TokenUser: {
            id: string;
            email: string;
            name: string;
            image: string | null;
            email_verified: boolean;
            is_active: boolean;
            role: string;
            /** Format: date-time */
            created_at: string;
            last_login_at: string | null;
        };
        /**
         * UserRegistered
         * @description An account was made, or will be once its address is verified.
         */
        UserRegistered: {
            user_id: string;
            email: string;
            message: string;
        };
        /**
         * Detailed
         * @description Why a request was refused; the code is stable, the detail is for people.
         */
        Detailed: {
            detail?: string;
            code?: string;
        } & {
            [key: string]: unknown;
        };
        /**
         * Login
         * @description Credentials as JSON (`email`), or as a form of OAuth 2 (`username`; RFC 6749 section 4.3.2).
         */
        Login: {
            /** @description Email address of the user */
            email?: string;
            /** @description The same, as OAuth 2 clients call it */
            username?: string;
            /** @description Password of the user */
            password: string;
            /**
             * @description `password`, where it is sent
             * @enum {string}
             */
            grant_type?: "password" | "";
            /** @description Binds the refresh token to this client */
            client_id?: string;
            /** @description Keep the refresh token in a cookie that no script can read */
            use_cookie?: boolean;
        };
        /**
         * RefreshTokenBody
         * @description A refresh token; without one, that of the cookie is meant.
         */
        RefreshTokenBody: {
            /** @description The refresh token */
            refresh_token?: string | null;
            /** @description As at sign-in, where it was sent there */
            client_id?: string;
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

/** What the server calls its refusals. */
export type ErrorCode =
  | "ACCOUNT_DISABLED"
  | "AUTHORIZATION_REQUIRED"
  | "BAD_REQUEST"
  | "CROSS_SITE_NAVIGATION_LOGIN_BLOCKED"
  | "EMAIL_NOT_VERIFIED"
  | "EMAIL_PASSWORD_DISABLED"
  | "EMAIL_PASSWORD_SIGN_UP_DISABLED"
  | "EXPIRED_TOKEN"
  | "FAILED_TO_CREATE_USER"
  | "FIELD_NOT_ALLOWED"
  | "INVALID_AUTHORIZATION_FORMAT"
  | "INVALID_EMAIL_OR_PASSWORD"
  | "INVALID_ORIGIN"
  | "INVALID_REFRESH_TOKEN"
  | "INVALID_SIGNATURE"
  | "INVALID_TOKEN"
  | "MALFORMED_TOKEN"
  | "MISSING_FIELD"
  | "MISSING_OR_NULL_ORIGIN"
  | "PASSWORD_COMPROMISED"
  | "PASSWORD_CONTAINS_IDENTITY"
  | "PASSWORD_MISSING_DIGIT"
  | "PASSWORD_MISSING_LOWERCASE"
  | "PASSWORD_MISSING_SPECIAL"
  | "PASSWORD_MISSING_UPPERCASE"
  | "PASSWORD_TOO_COMMON"
  | "PASSWORD_TOO_LONG"
  | "PASSWORD_TOO_SHORT"
  | "PAYLOAD_TOO_LARGE"
  | "REFRESH_TOKEN_REQUIRED"
  | "REQUEST_TIMEOUT"
  | "SERVICE_UNAVAILABLE"
  | "TOO_MANY_REQUESTS"
  | "UNSUPPORTED_MEDIA_TYPE"
  | "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL"
  | "VALIDATION_ERROR";
