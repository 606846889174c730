/** A start's body as its caller sent it: the caller's id again in place of the one that the gateway made of it. */
export function withCallersId(body: string, callersId: string | null | undefined): string {
  if (callersId === null || callersId === undefined) return body;
  const { data }: { data: { idempotency_id: string } } = JSON.parse(body);
  return body.replace(`"${data.idempotency_id}"`, `"${callersId}"`);
}
