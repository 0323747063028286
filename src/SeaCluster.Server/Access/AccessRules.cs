using System.Net;
using SeaCluster.Models;

namespace SeaCluster.Server.Access;

/// <summary>Whether a server asks for tokens: it does once there is one, and it always does where others than this machine can reach it.</summary>
/// <param name="tokens">The tokens.</param>
/// <param name="time">The clock, for remarks of the log.</param>
public sealed class AccessRules(TokenFile tokens, TimeProvider time)
{
    private bool _closed;

    /// <summary>The tokens.</summary>
    public TokenFile Tokens => tokens;

    /// <summary>The clock.</summary>
    public TimeProvider Time => time;

    /// <summary>Whether requests need no token. Once a token was seen they always do, also after the last one was revoked.</summary>
    public bool IsOpen => !(_closed |= tokens.All.Count > 0);

    /// <summary>Refuses to listen where anybody could do anything.</summary>
    /// <param name="addresses">The addresses to listen on, in Kestrel's syntax.</param>
    /// <exception cref="SeaException">An address can be reached from elsewhere, and there is no token.</exception>
    public void RefuseOpenToOthers(IEnumerable<string> addresses)
    {
        string[] others = [.. addresses.Where(address => !IsLoopback(address))];
        if (IsOpen && others.Length > 0)
        {
            throw new SeaException(
                $"{string.Join(", ", others)}: can be reached from other machines, and this server has no token: anybody could run anything",
                "make a token first ('sea token create ROOT --name NAME --scope admin'), or listen on http://127.0.0.1:8080 only") { WrongUse = true };
        }
    }

    /// <summary>Whether only this machine can reach an address.</summary>
    private static bool IsLoopback(string address)
    {
        if (address.Contains("://unix:", StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        string host = address[(address.IndexOf("://", StringComparison.Ordinal) is var scheme and >= 0 ? scheme + 3 : 0)..].Split('/')[0];
        return IsLoopbackHost(host);
    }

    /// <summary>Whether a host, with or without a port, is this machine by a name that no other machine can give it.</summary>
    internal static bool IsLoopbackHost(string host)
    {
        string name = host.StartsWith('[') ? host[..(host.IndexOf(']', StringComparison.Ordinal) + 1)].Trim('[', ']') : host.Split(':')[0];
        return name.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(name, out IPAddress? address) && IPAddress.IsLoopback(address));
    }
}
