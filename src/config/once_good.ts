/** Runs a check across keys although other keys are invalid, so that all faults show at once. */
export const onceGood = (...keys: readonly string[]) => ({
  when: (payload: { value: unknown; issues: readonly { path?: PropertyKey[] | undefined }[] }) =>
    typeof payload.value === "object" && payload.value !== null && !Array.isArray(payload.value) &&
    payload.issues.every(({ path }) => path?.length === 0 || !keys.includes(String(path?.[0]))),
});
