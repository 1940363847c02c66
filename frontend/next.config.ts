import path from "node:path";
import type { NextConfig } from "next";

const config: NextConfig = {
  poweredByHeader: false,
  reactStrictMode: true,
  turbopack: { root: path.resolve(import.meta.dirname) },
  async headers() {
    return [
      {
        source: "/:path*",
        headers: [
          { key: "x-content-type-options", value: "nosniff" },
          // Pages opened from a mail carry a token in their address.
          { key: "referrer-policy", value: "same-origin" },
          { key: "permissions-policy", value: "camera=(), geolocation=(), microphone=()" },
        ],
      },
    ];
  },
};

export default config;
