/** PEM files of a throw-away authority, a server at 127.0.0.1, another elsewhere, and a client. */
export interface Certificates {
  readonly ca: string;
  readonly serverCert: string;
  readonly serverKey: string;
  readonly elsewhereCert: string;
  readonly elsewhereKey: string;
  readonly clientCert: string;
  readonly clientKey: string;
}

async function openssl(folder: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("openssl", { args, cwd: folder }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

/** Makes them with openssl in a folder. */
export async function makeCertificates(folder: string): Promise<Certificates> {
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  await openssl(
    folder,
    ...["req", "-x509", ...newKey, "-keyout", "ca.key", "-out", "ca.crt", "-days", "2"],
    ...["-subj", "/CN=Test authority"],
  );
  const issue = async (name: string, extension: string) => {
    await Deno.writeTextFile(`${folder}/${name}.ext`, extension);
    await openssl(
      folder,
      ...[
        "req",
        ...newKey,
        "-keyout",
        `${name}.key`,
        "-out",
        `${name}.csr`,
        "-subj",
        `/CN=${name}`,
      ],
    );
    await openssl(
      folder,
      ...["x509", "-req", "-in", `${name}.csr`, "-CA", "ca.crt", "-CAkey", "ca.key"],
      ...["-CAcreateserial", "-days", "2", "-out", `${name}.crt`, "-extfile", `${name}.ext`],
    );
  };
  await issue("server", "subjectAltName=IP:127.0.0.1,DNS:localhost\n");
  await issue("elsewhere", "subjectAltName=DNS:elsewhere.test\n");
  await issue("client", "extendedKeyUsage=clientAuth\n");
  return {
    ca: `${folder}/ca.crt`,
    serverCert: `${folder}/server.crt`,
    serverKey: `${folder}/server.key`,
    elsewhereCert: `${folder}/elsewhere.crt`,
    elsewhereKey: `${folder}/elsewhere.key`,
    clientCert: `${folder}/client.crt`,
    clientKey: `${folder}/client.key`,
  };
}
