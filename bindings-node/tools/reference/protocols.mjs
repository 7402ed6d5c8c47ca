// A plugin of typedoc: takes away what the language calls and people do not, unless there are words about it.
import { Converter, ReflectionKind } from 'typedoc';

const BY_NAME = new Set(['next', 'return', 'throw', 'toString']);

export function load({ converter }) {
  converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const method of project.getReflectionsByKind(ReflectionKind.Method)) {
      // Symbols stand in brackets: [iterator], [dispose], Node's [custom].
      const isCalledByItself = method.name.startsWith('[') || BY_NAME.has(method.name);
      if (isCalledByItself && !method.signatures?.some((signature) => signature.hasComment())) project.removeReflection(method);
    }
  });
}
