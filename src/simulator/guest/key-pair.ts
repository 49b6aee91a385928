import ssh2 from 'ssh2';

/**
 * A fresh ed25519 pair in OpenSSH's form. ssh2 1.17 writes about one private key in 300 in a form that it cannot read
 * itself, so a pair counts only once it has been read back.
 */
export function newKeyPair(): { private: string; public: string } {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519');
    if (!(ssh2.utils.parseKey(pair.private) instanceof Error)) return pair;
  }
}
