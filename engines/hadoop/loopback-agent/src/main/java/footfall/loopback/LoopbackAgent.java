package footfall.loopback;

import java.io.IOException;
import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.security.ProtectionDomain;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.Label;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/**
 * Turns each bind to the wildcard address into a bind to one address, the agent's argument.
 *
 * <p>MapReduce's application master listens on all addresses and has no setting for it. On Java 17 all sockets and
 * channels are bound by {@code sun.nio.ch.Net.bind}, so the agent changes this method. If that has no effect, the
 * process ends instead of listening to strangers.
 */
public final class LoopbackAgent {
  private static final String CLASS = "sun/nio/ch/Net";
  private static final String METHOD = "bind";
  private static final String SIGNATURE = "(Ljava/net/ProtocolFamily;Ljava/io/FileDescriptor;Ljava/net/InetAddress;I)V";
  /** The local variable of the address in that method. */
  private static final int ADDRESS = 2;

  private LoopbackAgent() {}

  /**
   * Called by the JVM before the main class.
   *
   * @param address the address to bind to, such as 127.0.0.1
   */
  public static void premain(String address, Instrumentation instrumentation) throws Exception {
    InetAddress own = InetAddress.getByName(address);
    Transformer transformer = new Transformer(own.getHostAddress());
    instrumentation.addTransformer(transformer, true);
    instrumentation.retransformClasses(Class.forName(CLASS.replace('/', '.'), false, null));
    instrumentation.removeTransformer(transformer);
    check(own);
  }

  private static void check(InetAddress own) throws IOException {
    try (ServerSocketChannel channel = ServerSocketChannel.open()) {
      channel.bind(new InetSocketAddress(0));
      if (!((InetSocketAddress) channel.getLocalAddress()).getAddress().equals(own)) {
        throw new IllegalStateException(
            "The loopback agent has no effect on this Java runtime, so this process would listen on all addresses.");
      }
    }
  }

  private record Transformer(String address) implements ClassFileTransformer {
    @Override
    public byte[] transform(
        ClassLoader loader, String name, Class<?> redefined, ProtectionDomain domain, byte[] original) {
      if (!CLASS.equals(name)) {
        return null;
      }
      ClassReader reader = new ClassReader(original);
      ClassWriter writer = new ClassWriter(reader, ClassWriter.COMPUTE_MAXS);
      reader.accept(new NetVisitor(writer, address), 0);
      return writer.toByteArray();
    }
  }

  private static final class NetVisitor extends ClassVisitor {
    private final String address;

    NetVisitor(ClassVisitor next, String address) {
      super(Opcodes.ASM9, next);
      this.address = address;
    }

    @Override
    public MethodVisitor visitMethod(int access, String name, String signature, String generic, String[] thrown) {
      MethodVisitor next = super.visitMethod(access, name, signature, generic, thrown);
      return METHOD.equals(name) && SIGNATURE.equals(signature) ? new BindVisitor(next, address) : next;
    }
  }

  /** Puts {@code if (addr.isAnyLocalAddress()) addr = InetAddress.getByName(ADDRESS);} before the method's code. */
  private static final class BindVisitor extends MethodVisitor {
    private static final String INET_ADDRESS = "java/net/InetAddress";
    private final String address;

    BindVisitor(MethodVisitor next, String address) {
      super(Opcodes.ASM9, next);
      this.address = address;
    }

    @Override
    public void visitCode() {
      super.visitCode();
      Label unchanged = new Label();
      visitVarInsn(Opcodes.ALOAD, ADDRESS);
      visitMethodInsn(Opcodes.INVOKEVIRTUAL, INET_ADDRESS, "isAnyLocalAddress", "()Z", false);
      visitJumpInsn(Opcodes.IFEQ, unchanged);
      visitLdcInsn(address);
      String byName = "(Ljava/lang/String;)L" + INET_ADDRESS + ";";
      visitMethodInsn(Opcodes.INVOKESTATIC, INET_ADDRESS, "getByName", byName, false);
      visitVarInsn(Opcodes.ASTORE, ADDRESS);
      visitLabel(unchanged);
      visitFrame(Opcodes.F_SAME, 0, null, 0, null);
    }
  }
}
